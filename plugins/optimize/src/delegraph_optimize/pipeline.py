"""Quantize a model, and give the float view of one that is quantized."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from attrs import frozen
from delegraph import InputError, Model, read_model, write_file, write_model

from .prepare import float_view, prepare
from .report import Outcome, Report
from .schemes import make_dynamic, store_smaller
from .schemes.stored import Verdict
from .writer import EditedOp, GraphEdit, ModelEdit

SCHEMES = ("float16", "dynamic", "weights")
BLOCKS = (32, 64, 128, 256)

Source = Model | str | os.PathLike[str]


@frozen
class Quantized:
    """A quantized model, and what was done to make it."""

    model: Model
    report: Report
    content: bytes  # of the .tflite file

    def write(self, path: str | os.PathLike[str], read: Sequence[str | os.PathLike[str]] = ()) -> None:
        """Write the file; what was there is replaced when all of it is written, and files of ``read``
        never.
        """
        write_file(path, self.content, read)


def quantize(
    model: Source, scheme: str, *, weights: str = "int8", block: int = 0, least: int | None = None
) -> Quantized:
    """Return a smaller model.

    :param model: a model of floats, or a quantized one: its float view is quantized then.
    :param scheme: ``"float16"``: constants of half the size; ``"dynamic"``: integer weights beside float
        activations;
        ``"weights"``: integer weights that become floats when the model is loaded.
    :param weights: of ``dynamic`` and ``weights``: ``"int8"`` or ``"int4"``.
    :param block: of ``dynamic`` with int4 weights: how many values of a FULLY_CONNECTED row share a scale;
        0: all.
    :param least: constants of fewer values stay as they are; None: what the scheme's documentation says.
    :raises InputError: an argument is none of these.
    """
    _check(scheme, weights, block)
    given = model if isinstance(model, Model) else read_model(model)
    edit, notes = _prepared(given)
    verdicts = _applied(edit, scheme, weights, block, least)
    made = edit.model()
    content = write_model(made)
    before = len(write_model(given))
    outcomes = _outcomes(given, verdicts, scheme)
    return Quantized(made, Report(scheme, outcomes, tuple(notes), before, len(content)), content)


def dequantize(model: Source) -> Quantized:
    """Return the float view of a quantized model, prepared as ``quantize`` prepares it."""
    given = model if isinstance(model, Model) else read_model(model)
    edit, notes = _prepared(given)
    made = edit.model()
    content = write_model(made)
    outcomes = _outcomes(given, {}, "float32")
    before = len(write_model(given))
    return Quantized(made, Report("float32", outcomes, tuple(notes), before, len(content)), content)


def _check(scheme: str, weights: str, block: int) -> None:
    for name, found, known in (
        ("scheme", scheme, SCHEMES),
        ("weights", weights, ("int8", "int4")),
        ("block", block, (0, *BLOCKS)),
    ):
        if found not in known:
            raise InputError(f"{name} needs one of {', '.join(map(str, known))}, found {found!r}")


def _prepared(model: Model) -> tuple[ModelEdit, list[str]]:
    edit = ModelEdit(model)
    was = float_view(edit)
    notes = [f"the model is quantized ({was}); its float view is what is used"] if was else []
    return edit, notes + prepare(edit)


def _applied(
    edit: ModelEdit, scheme: str, weights: str, block: int, least: int | None
) -> dict[tuple[int, int], Verdict]:
    """Apply a scheme; return what became of each op of the given model, by subgraph and index."""
    found: dict[tuple[int, int], Verdict] = {}
    for place, graph in enumerate(edit.graphs):
        nodes = list(graph.nodes)
        done = _by_scheme(graph, nodes, scheme, weights, block, least)
        for node in nodes:
            if node.source is not None:
                found[place, node.source.index] = done[id(node)]
    return found


def _by_scheme(
    graph: GraphEdit, nodes: Sequence[EditedOp], scheme: str, weights: str, block: int, least: int | None
) -> Mapping[int, Verdict]:
    if scheme == "dynamic":
        return make_dynamic(graph, nodes, weights, block, least)
    return store_smaller(graph, nodes, "float16" if scheme == "float16" else weights, least)


def _outcomes(
    model: Model, verdicts: Mapping[tuple[int, int], Verdict], scheme: str
) -> tuple[Outcome, ...]:
    return tuple(
        _outcome(place, op.index, op.name, op.outputs[0].name if op.outputs else "", verdicts, scheme)
        for place, graph in enumerate(model.subgraphs)
        for op in graph.ops
    )


def _outcome(
    place: int, index: int, op: str, name: str, verdicts: Mapping[tuple[int, int], Verdict], scheme: str
) -> Outcome:
    verdict = verdicts.get((place, index))
    if verdict is None:
        gone = "" if scheme == "float32" else "folded or merged into another op"
        return Outcome(place, index, op, name, "float32", gone)
    became = scheme if verdict.done else "float32"
    return Outcome(place, index, op, name, became, verdict.reason, verdict.weights)
