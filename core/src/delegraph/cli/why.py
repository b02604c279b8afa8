"""``delegraph why MODEL OP``: why an op runs where it runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import click

from ..contract import CORE, NOBODY, Delegate, Plan, SubgraphPlan
from ..errors import InputError
from ..model import Model, Op, Tensor
from ..text import did_you_mean, shape_text
from .common import (
    budget_options,
    delegate_options,
    form_options,
    limit_options,
    loaded_delegates,
    model_argument,
    planned,
)
from .echo import echo, echo_csv, echo_json


@click.command()
@model_argument
@click.argument("op")
@delegate_options
@limit_options
@budget_options
@form_options(json="Print the answer as JSON.", csv="Print a line for each refusal as CSV.")
def why(
    model: str,
    op: str,
    delegates: list[str],
    options: dict[str, dict[str, str]],
    as_json: bool,
    as_csv: bool,
    **limits: Any,
) -> None:
    """Say why OP of MODEL runs where it runs.

    OP is the index of an op, SUBGRAPH:INDEX, or a name, which stands for every op of that name.
    """
    loaded = loaded_delegates(delegates, options)
    with_all, plan = planned(model, loaded, warn=False, **limits)  # the answer says the fallbacks
    found = _matching(with_all, op)
    if not found:
        raise InputError(_no_such_op(with_all, op))
    if as_json:
        echo_json(list(answers(plan, found)))
        return
    if as_csv:
        echo_lines(answers(plan, found))
        return
    for i, (subgraph, index) in enumerate(found):
        if i:
            echo()
        for line in explanation(plan, subgraph, index):
            echo(line)


def explanation(plan: Plan, subgraph: int, index: int) -> Iterator[str]:
    """Yield the lines that explain one op."""
    sub = plan.subgraphs[subgraph]
    of = f" of subgraph {subgraph} {sub.graph.name!r}" if len(plan.subgraphs) > 1 else ""
    folded = next((op for op in sub.folded if op.index == index), None)
    if folded is not None:
        yield f"{folded}{of} runs nowhere: its inputs are constant, so it is computed beforehand"
        yield from _operands(folded)
        return
    merged = next((op for op in sub.graph.merged if op.index == index), None)
    if merged is not None:
        yield f"{merged}{of} runs nowhere: only ops that were rewritten read what it computes"
        yield from _operands(merged)
        return
    op = next(op for op in sub.graph.ops if op.index == index)
    yield f"{op}{of} {_verdict(sub, op)}"
    yield from _operands(op)
    refusals = sub.refusals.get(index, {})
    for delegate in plan.delegates:
        if delegate.label in refusals:
            yield f"  {delegate.label} does not take it:"
            yield from (f"    {refusal}" for refusal in refusals[delegate.label])
        elif delegate.label == sub.labels[index]:
            yield from _claim(op, sub, delegate)


def answers(plan: Plan, places: Collection[tuple[int, int]] | None = None) -> Iterator[dict[str, Any]]:
    """Yield what is known of ops, for programs.

    :param places: (subgraph, op index) of those that are wanted; None: all
    """
    for number, sub in enumerate(plan.subgraphs):
        folded = ((op, "folded") for op in sub.folded)
        merged = ((op, "merged") for op in sub.graph.merged)
        there = ((op, sub.labels[op.index]) for op in sub.graph.ops)
        partitions = {op.index: i for i, p in enumerate(sub.partitions) for op in p.ops}
        for op, runs_on in sorted((*folded, *merged, *there), key=lambda pair: pair[0].index):
            if places is None or (number, op.index) in places:
                about: dict[str, Any] = {"runs_on": runs_on, "partition": partitions.get(op.index)}
                about["refusals"] = _refusals(plan, sub, op)
                yield {"subgraph": number, **_op_and_operands(op), **about}


def echo_lines(found: Iterable[dict[str, Any]]) -> None:
    """Print answers as CSV: a line for each refusal of an op; one, where there is none."""
    echo_csv(_COLUMNS, (line for answer in found for line in _lines(answer)))


def _op_and_operands(op: Op) -> dict[str, Any]:
    from ..report.plan_text import op_json, tensor_json

    sides = {"inputs": op.inputs, "outputs": op.outputs}
    return op_json(op) | {
        side: [None if t is None else tensor_json(t) for t in tensors] for side, tensors in sides.items()
    }


def _refusals(plan: Plan, sub: SubgraphPlan, op: Op) -> list[dict[str, str]]:
    return [
        {"delegate": d.label, "kind": r.kind, "rule": r.rule, "found": r.found, "hint": r.hint}
        for d in plan.delegates
        for r in sub.refusals.get(op.index, {}).get(d.label, ())
    ]


def _lines(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a line for each refusal; one, where there is none."""
    return [{**answer, **refusal} for refusal in answer["refusals"]] or [answer]


def _verdict(sub: SubgraphPlan, op: Op) -> str:
    label = sub.labels[op.index]
    number = next(i for i, p in enumerate(sub.partitions) if any(o.index == op.index for o in p.ops))
    if label == NOBODY:
        return "cannot run: no delegate takes it"
    if label == CORE:
        return "runs in core, as do control flow, variables and resources"
    return f"runs on {label}, in partition {number} of {len(sub.partitions)}"


def _claim(op: Op, sub: SubgraphPlan, delegate: Delegate) -> Iterator[str]:
    for row in (p.rows[op.index] for p in sub.partitions if op.index in p.rows):
        claim = f"{row.types_text}, version {row.versions_text} (plugin {row.origin})"
        yield f"  {delegate.label} takes it: {claim}"


def _operands(op: Op) -> Iterator[str]:
    for role, tensors in (("input", op.inputs), ("output", op.outputs)):
        for t in tensors:
            yield f"  {role:<6} {_described(t)}"


def _described(t: Tensor | None) -> str:
    from ..report.plan_text import name_text

    if t is None:
        return "absent"
    constant = ", constant" if t.is_constant else ""
    scales = 0 if t.quantization is None else len(t.quantization.scale)
    quantized = f", scale {t.scale:g}, zero point {t.zero_point}" if scales == 1 else ""
    quantized = f", {scales} scales" if scales > 1 else quantized
    return f"{t.index} {name_text(t)!r}: {t.dtype} {shape_text(t.shape)}{quantized}{constant}"


def _matching(model: Model, text: str) -> list[tuple[int, int]]:
    """Return (subgraph, op index) of the ops that the text means."""
    subgraph, colon, index = text.rpartition(":")
    if index.isdigit() and (not colon or subgraph.isdigit()):
        wanted = int(subgraph or 0), int(index)
        return [wanted] if wanted in {(g.index, op.index) for g in model.subgraphs for op in g.ops} else []
    return [(g.index, op.index) for g in model.subgraphs for op in g.ops if op.name in (text, text.upper())]


def _no_such_op(model: Model, text: str) -> str:
    names = sorted({op.name for g in model.subgraphs for op in g.ops})
    counts = ", ".join(f"subgraph {g.index}: 0..{len(g.ops) - 1}" for g in model.subgraphs if g.ops)
    close = did_you_mean(text.rpartition(":")[2], names)
    known = f"indices: {counts or 'none'}; names: {', '.join(names)}"
    return f"no op {text!r} in {model.source}{close}; {known}"


_COLUMNS = (
    "subgraph",
    "index",
    "name",
    "version",
    "types",
    "runs_on",
    "partition",
    "delegate",
    "kind",
    "rule",
    "found",
    "hint",
)
