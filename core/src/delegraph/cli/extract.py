"""``delegraph extract MODEL --partition N -o FILE``: one partition as a model of its own."""

from __future__ import annotations

import re
from typing import Any

import click

from ..contract import Partition, Plan
from ..errors import InputError
from ..model import Model, Tensor
from ..text import bytes_text, escaped, plural, shape_text
from .common import (
    budget_options,
    delegate_options_without_o,
    form_options,
    limit_options,
    loaded_delegates,
    model_argument,
    planned,
)
from .echo import echo, echo_json
from .tables import show


@click.command()
@model_argument
@click.option("--partition", metavar="N", help="Which: its number in the table, or SUBGRAPH:N.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="The file to write.")
@delegate_options_without_o
@limit_options
@budget_options
@form_options(json="Print what is written, or the partitions, as JSON.")
def extract(
    model: str,
    partition: str | None,
    output: str | None,
    delegates: list[str],
    options: dict[str, dict[str, str]],
    as_json: bool,
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
        _list(plan, as_json)
        wanted = "choose one with --partition N" if partition is None else f"no partition {partition!r}"
        raise InputError(f"{wanted}; there are: {_numbers(plan)}")
    if output is None:
        raise InputError("needs the file to write: -o part.tflite")
    from ..file import write_file, write_model

    alone = part.as_model()
    data = write_model(alone)
    write_file(output, data, [model])
    edges = _edges(part, alone)
    if as_json:
        from ..report.plan_text import tensor_json

        about = {"file": output, "bytes": len(data), "delegate": part.label, "ops": len(part.ops)}
        echo_json(about | {role: [tensor_json(t) for t in found] for role, found in edges.items()})
        return
    size = f"{plural(len(part.ops), 'op')} of {part.label}, {bytes_text(len(data))}"
    echo(f"{escaped(output)} written: {size}", err=True)  # the file may be /dev/stdout
    for role, found in edges.items():
        for t in found:
            echo(_described(role.rstrip("s"), t), err=True)


def _chosen(plan: Plan, text: str | None) -> Partition | None:
    """Return the partition that a number, or SUBGRAPH:NUMBER, means; None if there is none."""
    found = re.fullmatch(r"(?:(\d{1,9}):)?(\d{1,9})", text or "", re.ASCII)
    if found is None:
        return None
    subgraph, number = int(found[1] or 0), int(found[2])
    sub = next((s for s in plan.reached if s.graph.index == subgraph), None)
    return sub.partitions[number] if sub is not None and number < len(sub.partitions) else None


def _list(plan: Plan, as_json: bool) -> None:
    from ..report.plan_text import partition_table, to_json

    if as_json:
        echo_json(to_json(plan))
        return
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


def _edges(part: Partition, alone: Model) -> dict[str, list[Tensor]]:
    """Return the tensors of the new file that values go in and out of, and those of its state."""
    graph = alone.subgraphs[0]
    return {
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs[: len(part.outputs)]),
        "state": [t for t in graph.tensors[: len(part.inputs)] if t.is_variable],
    }


def _described(role: str, t: Tensor) -> str:
    """Say its number in the new file, its type and shape, its name."""
    from ..report.plan_text import name_text

    size = shape_text(t.shape) if t.shape or t.has_rank else "any shape"
    if t.shape_signature and -1 in t.shape_signature:
        size = shape_text(t.shape_signature)
    return f"  {role:<6} {t.index} {name_text(t)!r}: {t.dtype} {size}"
