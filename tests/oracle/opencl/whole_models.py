"""Whole models: what the OpenCL delegate gives beside LiteRT's resolvers, on real inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import litert
import models
import numpy as np
import pytest
from attrs import field, frozen
from delegraph import Interpreter, load_delegate
from inputs import inputs_of

Outputs = list[np.ndarray]
_AT_ONCE = 10  # runs for which LiteRT's process is asked: each answer has a time limit


@frozen(eq=False)
class Distance:
    """How far outputs are from others: integers in steps, floats relative to the largest value."""

    mean: float
    largest: float
    share: float  # of the values that differ at all
    every: np.ndarray = field(repr=False)  # the distance of each value

    def share_above(self, limit: float) -> float:
        """Return the share of values that are further away than this."""
        return float((self.every > limit).mean())


@frozen(eq=False)
class Ours:
    """What the delegate gave, and what it left to others."""

    outputs: list[Outputs]
    partitions: list[str]  # labels, of the main subgraph
    left: set[str]  # names of ops that ran elsewhere


def batches(name: str, resolver: str, count: int) -> list[Outputs]:
    """Return ``count`` inputs of a model; skip where LiteRT does not run it."""
    try:
        details = litert.details(models.path(name), resolver)
    except litert.LiteRTCrashed:
        raise
    except litert.LiteRTError as e:
        pytest.skip(f"LiteRT does not run it: {str(e).splitlines()[0][:150]}")
    return [inputs_of(name, details["inputs"], variant) for variant in range(count)]


def theirs(model: Any, resolver: str, inputs: Sequence[Outputs]) -> list[Outputs]:
    """Return LiteRT's outputs; variables are reset before each run."""
    with litert.loaded(model, resolver) as it:
        return [out for k in range(0, len(inputs), _AT_ONCE) for out in it.sample(inputs[k : k + _AT_ONCE])]


def ours(name: str, inputs: Sequence[Outputs], options: Mapping[str, Any] | None = None) -> Ours:
    """Return the outputs of the OpenCL delegate, with the reference delegate behind it."""
    path = str(models.path(name))
    with (
        load_delegate("opencl", dict(options or {})) as delegate,
        Interpreter(model_path=path, delegates=[delegate, "reference"], num_threads=1) as it,
    ):
        it.allocate_tensors()
        outputs = [run(it, batch) for batch in inputs]
        others = {
            op.name
            for part in (p for graph in it.plan.subgraphs for p in graph.partitions)
            for op in part.ops
            if part.label != "opencl"
        }
        return Ours(outputs, [p.label for p in it.plan.partitions], others)


def run(interpreter: Interpreter, inputs: Outputs) -> Outputs:
    """Return the outputs of one run, variables reset before."""
    interpreter.reset_all_variables()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


def distances(some: Sequence[Outputs], others: Sequence[Outputs]) -> list[Distance]:
    """Return a distance for each output, over all runs."""
    return [
        _distance(list(a), list(b))
        for a, b in zip(zip(*some, strict=True), zip(*others, strict=True), strict=True)
    ]


def _distance(some: Outputs, others: Outputs) -> Distance:
    assert [a.shape for a in some] == [b.shape for b in others]
    off = [np.abs(a.astype(np.float64) - b.astype(np.float64)) for a, b in zip(some, others, strict=True)]
    if others[0].dtype.kind == "f":
        off = [d / (float(np.abs(b).max(initial=0)) or 1.0) for d, b in zip(off, others, strict=True)]
    every = np.concatenate([d.reshape(-1) for d in off])
    if not every.size:
        every = np.zeros(1)
    return Distance(float(every.mean()), float(every.max()), float((every > 0).mean()), every)
