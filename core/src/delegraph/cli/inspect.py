"""``delegraph inspect MODEL``: what is in a model."""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING

import click

from ..text import bytes_text, escaped, shape_text
from .common import console, model_argument
from .echo import echo_json
from .tables import table

if TYPE_CHECKING:
    from rich.console import Console

    from ..report.model_json import Json


@click.command()
@model_argument
@click.option("--ops", is_flag=True, help="List every op.")
@click.option("--tensors", is_flag=True, help="List every tensor.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def inspect(model: str, ops: bool, tensors: bool, as_json: bool) -> None:
    """Show what is in MODEL: its signatures, ops, weights, quantization and metadata."""
    from ..file import read_model
    from ..report.model_json import summary

    found = {"file": model, "bytes": os.path.getsize(model), **summary(read_model(model))}
    if as_json:
        echo_json(found)
        return
    out = console()
    _print_head(out, found)
    _print_entries(out, found)
    _print_op_counts(out, found)
    _print_weights(out, found)
    _print_attachments(out, found)
    for graph in found["subgraphs"]:
        if ops:
            _print_ops(out, graph)
        if tensors:
            _print_tensors(out, graph)


def _print_head(out: Console, found: Json) -> None:
    out.print(f"{escaped(found['file'])}  {bytes_text(found['bytes'])}", markup=False)
    if found["description"]:
        out.print(f"described as {found['description']!r}", markup=False)
    names = [f"{g['name'] or '(no name)'} ({len(g['ops'])} ops)" for g in found["subgraphs"]]
    if len(names) > 1:
        out.print(f"{len(names)} subgraphs: {escaped(', '.join(names))}", markup=False)


def _print_entries(out: Console, found: Json) -> None:
    """Print the arguments and results of each signature, or those of the main subgraph."""
    main = found["subgraphs"][0]
    unnamed = [{"key": "", "subgraph": 0, "inputs": main["inputs"], "outputs": main["outputs"]}]
    for entry in found["signatures"] or unnamed:
        tensors = found["subgraphs"][entry["subgraph"]]["tensors"]
        lines = table("", "name", "type", "shape", "quantization", "tensor>")
        for side in ("input", "output"):
            for one in entry[f"{side}s"]:
                t = tensors[one["tensor"]]
                name, shape = one["name"], shape_text(t["shape_signature"] or t["shape"])
                lines.add_row(side, name, t["type"], shape, _quantization_text(t), str(t["index"]))
        out.print()
        out.print(f"signature {entry['key']!r}" if entry["key"] else "no signature", style="bold")
        out.print(lines)


def _print_op_counts(out: Console, found: Json) -> None:
    total = sum(row["count"] for row in found["op_counts"])
    lines = table("op", "version>", "count>", "types")
    for row in found["op_counts"]:
        lines.add_row(row["op"], str(row["version"]), str(row["count"]), _types_text(row["types"]))
    out.print()
    out.print(f"{total} ops", style="bold")
    out.print(lines)


def _print_weights(out: Console, found: Json) -> None:
    total = sum(row["bytes"] for row in found["weights"])
    lines = table("type", "tensors>", "size>", "quantized")
    for row in found["weights"]:
        kinds = ", ".join(f"{n} {kind}" for kind, n in row["quantized"].items())
        lines.add_row(row["type"], str(row["tensors"]), bytes_text(row["bytes"]), kinds)
    out.print()
    out.print(f"{bytes_text(total)} of constants", style="bold")
    if found["weights"]:
        out.print(lines)


def _print_attachments(out: Console, found: Json) -> None:
    if found["metadata"]:
        lines = table("name", "size>")
        for row in found["metadata"]:
            lines.add_row(row["name"], bytes_text(row["bytes"]))
        out.print()
        out.print("metadata", style="bold")
        out.print(lines)
    if found["files"]:
        out.print()
        out.print(f"attached files: {escaped(', '.join(found['files']))}", markup=False)


def _print_ops(out: Console, graph: Json) -> None:
    lines = table("#>", "op", "v>", "inputs", "outputs", "options")
    for op in graph["ops"]:
        options = ", ".join(f"{k}={v}" for k, v in op["options"].items() if str(v) not in _OFF)
        if op["custom_options_bytes"]:
            options = f"{bytes_text(op['custom_options_bytes'])} of its own"
        inputs, outputs = (
            " ".join("-" if i is None else f"t{i}" for i in op[k]) for k in ("inputs", "outputs")
        )
        lines.add_row(str(op["index"]), op["name"], str(op["version"]), inputs, outputs, options)
    out.print()
    out.print(f"ops of subgraph {graph['index']} {graph['name']!r}", style="bold", markup=False)
    out.print(lines)


def _print_tensors(out: Console, graph: Json) -> None:
    lines = table("#>", "name", "type", "shape", "kind", "size>", "quantization")
    for t in graph["tensors"]:
        size = "" if t["bytes"] is None else bytes_text(t["bytes"])
        shape, quantization = shape_text(t["shape_signature"] or t["shape"]), _quantization_text(t)
        lines.add_row(f"t{t['index']}", t["name"], t["type"], shape, t["kind"], size, quantization)
    out.print()
    out.print(f"tensors of subgraph {graph['index']} {graph['name']!r}", style="bold", markup=False)
    out.print(lines)


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
