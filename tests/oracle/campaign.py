"""How many generated cases a test makes: few in CI, as many as one wants with DELEGRAPH_EXAMPLES=5000.

A larger number also draws new cases each time instead of the same ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import litert
import numpy as np
from delegraph.file import write_model
from delegraph.interpreter import Interpreter
from delegraph.model import Graph, Model, Tensor
from hypothesis import HealthCheck, reject, settings

WANTED = int(os.environ.get("DELEGRAPH_EXAMPLES", "0"))


def examples(count: int) -> Any:
    """Return the settings of a generated test that makes ``count`` cases in CI."""
    unhurried = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=WANTED or count,
        deadline=None,
        derandomize=not WANTED,
        suppress_health_check=unhurried,
    )


def runs_of(file: bytes, batches: Sequence[Sequence[np.ndarray]]) -> list[list[np.ndarray]]:
    """Return LiteRT's outputs of one run after the other; a model that it refuses is no case."""
    try:
        with litert.loaded(file) as it:
            return [it.run(batch) for batch in batches]
    except litert.LiteRTError:
        reject()


def compare(
    program: Program,
    batches: Sequence[Sequence[np.ndarray]],
    *,
    is_open: Callable[[int, str], bool] = lambda run, output: False,
    **settings: Any,
) -> None:
    """Fail unless delegraph gives what LiteRT gives, run after run.

    :param is_open: says of a run's number and an output's name whether that output is not compared
    :param settings: of the interpreter
    """
    file = bytes(write_model(program.model))
    wanted = runs_of(file, batches)
    with Interpreter(model_content=file, **settings) as ours:
        ours.allocate_tensors()
        for run, (inputs, expected) in enumerate(zip(batches, wanted, strict=True)):
            for d, value in zip(ours.get_input_details(), inputs, strict=True):
                ours.set_tensor(d["index"], value)
            ours.invoke()
            for d, array in zip(ours.get_output_details(), expected, strict=True):
                if not is_open(run, d["name"]):
                    np.testing.assert_array_equal(ours.get_tensor(d["index"]), array, d["name"])


class Program:
    """A generated model, written for people where a test fails."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __repr__(self) -> str:
        return "\n" + "\n".join(line for graph in self.model.subgraphs for line in _listing(graph))


def _listing(graph: Graph) -> list[str]:
    head = f"subgraph {graph.index} {graph.name}({', '.join(map(_operand, graph.inputs))})"
    ops = [
        f"  {', '.join(map(_operand, op.outputs))} = {op.name}({', '.join(map(_operand, op.inputs))}) "
        f"{dict(op.options) or ''}"
        for op in graph.ops
    ]
    return [head, *ops, f"  return {', '.join(map(_operand, graph.outputs))}"]


def _operand(t: Tensor | None) -> str:
    if t is None:
        return "-"
    if t.is_constant and t.size <= 8:
        return str(None if t.data is None else t.data.tolist())
    kind = "c" if t.is_constant else "v" if t.is_variable else "t"
    return f"{kind}{t.index}:{t.dtype}{list(t.shape or ())}"
