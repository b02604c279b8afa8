"""What is in a model, laid out for a terminal or a notebook: what ``delegraph inspect`` prints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from ..model import Model
from ..text import bytes_text, count_text, escaped, plural, shape_text
from .model_json import Json, summary

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def html(model: Model) -> str:
    """Return what is in a model as a piece of a page, for a notebook."""
    from . import terminal

    return terminal.html(render({"file": model.source, **summary(model)}))


def render(found: Json, ops: bool = False, tensors: bool = False) -> RenderableType:
    """Return what :func:`delegraph.report.model_json.summary` found as a report.

    :param found: with the keys ``file`` and ``bytes`` besides, where the model is a file.
    :param ops: list every op; ``tensors``: every tensor.
    """
    from rich.console import Group

    parts = [*_head(found), *_entries(found), *_op_counts(found), *_weights(found), *_attachments(found)]
    for graph in found["subgraphs"]:
        parts += _ops(graph) if ops else ()
        parts += _tensors(graph) if tensors else ()
    return Group(*parts)


def _table(*columns: str) -> Table:
    from .terminal import report_table

    return report_table(*columns)


def _title(text: str) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text()
    yield Text(text, "bold")


def _head(found: Json) -> Iterator[RenderableType]:
    size = f"  {bytes_text(found['bytes'])}" if "bytes" in found else ""
    yield f"{escaped(found['file'])}{size}"
    if found["description"]:
        yield f"described as {found['description']!r}"
    names = [f"{g['name'] or '(no name)'} ({len(g['ops'])} ops)" for g in found["subgraphs"]]
    if len(names) > 1:
        yield f"{len(names)} subgraphs: {escaped(', '.join(names))}"


def _entries(found: Json) -> Iterator[RenderableType]:
    """Lay out the arguments and results of each signature, or those of the main subgraph."""
    main = found["subgraphs"][0]
    unnamed = [{"key": "", "subgraph": 0, "inputs": main["inputs"], "outputs": main["outputs"]}]
    for entry in found["signatures"] or unnamed:
        tensors = found["subgraphs"][entry["subgraph"]]["tensors"]
        lines = _table("", "name", "type", "shape", "quantization", "tensor>")
        for side in ("input", "output"):
            for one in entry[f"{side}s"]:
                t = tensors[one["tensor"]]
                name, shape = one["name"], shape_text(t["shape_signature"] or t["shape"])
                lines.add_row(side, name, t["type"], shape, _quantization_text(t), str(t["index"]))
        yield from _title(f"signature {entry['key']!r}" if entry["key"] else "no signature")
        yield lines


def _op_counts(found: Json) -> Iterator[RenderableType]:
    total = sum(row["count"] for row in found["op_counts"])
    lines = _table("op", "version>", "count>", "MACs>", "types")
    for row in found["op_counts"]:
        macs = count_text(row["macs"]) if row["macs"] else ""
        lines.add_row(row["op"], str(row["version"]), str(row["count"]), macs, _types_text(row["types"]))
    yield from _title(f"{plural(total, 'op')}, {_macs_text(found)}")
    yield lines


def _macs_text(found: Json) -> str:
    """Say how much there is to multiply; MACs are multiply-accumulates."""
    said = f"{count_text(found['macs'])} MACs (multiply-accumulates) in a run"
    open_ops = found["ops_of_unknown_macs"]
    return f"{said}, without {plural(open_ops, 'op')} of unknown shape" if open_ops else said


def _weights(found: Json) -> Iterator[RenderableType]:
    total = sum(row["bytes"] for row in found["weights"])
    lines = _table("type", "tensors>", "size>", "quantized")
    for row in found["weights"]:
        kinds = ", ".join(f"{n} {kind}" for kind, n in row["quantized"].items())
        lines.add_row(row["type"], str(row["tensors"]), bytes_text(row["bytes"]), kinds)
    yield from _title(f"{count_text(found['parameters'])} parameters, {bytes_text(total)} of constants")
    if found["weights"]:
        yield lines


def _attachments(found: Json) -> Iterator[RenderableType]:
    if found["metadata"]:
        lines = _table("name", "size>")
        for row in found["metadata"]:
            lines.add_row(row["name"], bytes_text(row["bytes"]))
        yield from _title("metadata")
        yield lines
    if found["files"]:
        yield ""
        yield f"attached files: {escaped(', '.join(found['files']))}"


def _ops(graph: Json) -> Iterator[RenderableType]:
    lines = _table("#>", "op", "v>", "inputs", "outputs", "options")
    for op in graph["ops"]:
        options = ", ".join(f"{k}={v}" for k, v in op["options"].items() if str(v) not in _OFF)
        if op["custom_options_bytes"]:
            options = f"{bytes_text(op['custom_options_bytes'])} of its own"
        inputs, outputs = (
            " ".join("-" if i is None else f"t{i}" for i in op[k]) for k in ("inputs", "outputs")
        )
        lines.add_row(str(op["index"]), op["name"], str(op["version"]), inputs, outputs, options)
    yield from _title(f"ops of subgraph {graph['index']} {graph['name']!r}")
    yield lines


def _tensors(graph: Json) -> Iterator[RenderableType]:
    lines = _table("#>", "name", "type", "shape", "kind", "size>", "quantization")
    for t in graph["tensors"]:
        size = "" if t["bytes"] is None else bytes_text(t["bytes"])
        shape, quantization = shape_text(t["shape_signature"] or t["shape"]), _quantization_text(t)
        lines.add_row(f"t{t['index']}", t["name"], t["type"], shape, t["kind"], size, quantization)
    yield from _title(f"tensors of subgraph {graph['index']} {graph['name']!r}")
    yield lines


def _types_text(types: str) -> str:
    """Write operand types with repetitions counted: ``float32 ×8 -> float32``."""
    words = [(word, len(list(same))) for word, same in groupby(types.split())]
    return " ".join(f"{word} ×{n}" if n > 2 else " ".join([word] * n) for word, n in words)


def _quantization_text(tensor: Json) -> str:
    q = tensor["quantization"]
    if q is None:
        return ""
    if q["blocks"]:
        return f"scales in t{q['blocks']['scales']}, blocks of {q['blocks']['size']}"
    if q["custom"]:
        return "custom"
    if not q["scale"]:
        return "range only"
    if len(q["scale"]) > 1:
        return f"{len(q['scale'])} scales along axis {q['axis']}"
    scale, zero = f"{q['scale'][0]:.6g}", (q["zero_point"] or [0])[0]
    return f"{scale} × (q {'-' if zero > 0 else '+'} {abs(zero)})" if zero else f"{scale} × q"


_OFF = ("False", "None", "[]", "", "NONE")  # options that say nothing
