"""``delegraph extract MODEL --partition N -o FILE``: one partition as a model of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click

from ..contract import Partition, Plan
from ..errors import InputError
from ..model import Model, Tensor
from ..text import bytes_text, escaped, plural, shape_text
from .common import (
    budget_options,
    delegate_options_without_o,
    limit_options,
    loaded_delegates,
    model_argument,
    planned,
)
from .echo import echo
from .tables import show


@click.command()
@model_argument
@click.option("--partition", metavar="N", help="Which: its number in the table, or SUBGRAPH:N.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="The file to write.")
@delegate_options_without_o
@limit_options
@budget_options
def extract(
    model: str,
    partition: str | None,
    output: str | None,
    delegates: list[str],
    options: dict[str, dict[str, str]],
    **limits: Any,
) -> None:
    """Write a partition of MODEL as a model of its own: what its delegate gets.

    Without --partition the partitions are listed. Weights, quantization, state and subgraphs that its ops
    call come along; shapes are those of the plan.
    """
    if output is not None:
        from ..file import check_output

        check_output(output, [model])
    _, plan = planned(model, loaded_delegates(delegates, options), warn=False, **limits)
    part = _chosen(plan, partition)
    if part is None:
        _list(plan)
        wanted = "choose one with --partition N" if partition is None else f"no partition {partition!r}"
        raise InputError(f"{wanted}; there are: {_numbers(plan)}")
    if output is None:
        raise InputError("needs the file to write: -o part.tflite")
    from ..file import write_file, write_model

    alone = part.as_model()
    data = write_model(alone)
    write_file(output, data, [model])
    size = f"{plural(len(part.ops), 'op')} of {part.label}, {bytes_text(len(data))}"
    for line in (f"{escaped(output)} written: {size}", *_edges(part, alone)):
        echo(line, err=True)  # the file may be /dev/stdout


def _chosen(plan: Plan, text: str | None) -> Partition | None:
    """Return the partition that a number, or SUBGRAPH:NUMBER, means; None if there is none."""
    found = re.fullmatch(r"(?:(\d{1,9}):)?(\d{1,9})", text or "", re.ASCII)
    if found is None:
        return None
    subgraph, number = int(found[1] or 0), int(found[2])
    sub = next((s for s in plan.reached if s.graph.index == subgraph), None)
    return sub.partitions[number] if sub is not None and number < len(sub.partitions) else None


def _list(plan: Plan) -> None:
    from ..report.plan_text import partition_table

    for sub in plan.reached:
        if len(plan.subgraphs) > 1:
            echo(f"subgraph {sub.graph.index} {sub.graph.name!r}")
        show([partition_table(sub)])


def _numbers(plan: Plan) -> str:
    """Say which partitions there are: ``0..3, 2:0..1``."""
    ranges = [
        f"{f'{s.graph.index}:' if s.graph.index else ''}0..{len(s.partitions) - 1}"
        for s in plan.reached
        if s.partitions
    ]
    return ", ".join(ranges) or "none"


def _edges(part: Partition, alone: Model) -> Iterator[str]:
    """Say what goes in and out: the number in the new file, the type and shape, the name."""
    graph = alone.subgraphs[0]
    state = graph.tensors[: len(part.inputs)]
    for role, tensors in (("input", graph.inputs), ("output", graph.outputs[: len(part.outputs)])):
        yield from (_described(role, t) for t in tensors)
    yield from (_described("state", t) for t in state if t.is_variable)


def _described(role: str, t: Tensor) -> str:
    from ..report.plan_text import name_text

    size = shape_text(t.shape) if t.shape or t.has_rank else "any shape"
    if t.shape_signature and -1 in t.shape_signature:
        size = shape_text(t.shape_signature)
    return f"  {role:<6} {t.index} {name_text(t)!r}: {t.dtype} {size}"
