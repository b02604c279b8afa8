"""How long a 16x8 model takes in LiteRT, on numpy and on OpenCL.

``pytest tests/benchmarks/test_int16_benchmark.py`` prints model by model, with how many times as fast as
LiteRT each is. LiteRT and numpy are measured on one thread and on two, LiteRT with all its resolvers, and
the fastest counts. OpenCL is measured where a device is there and takes most int16 ops of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import litert
import models
import numpy as np
import pytest
import tables
import turns
from delegraph import DelegraphError, Interpreter
from inputs import inputs_of

THREADS = (1, 2)
RESOLVERS = ("BUILTIN_REF", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "BUILTIN")
Run = Callable[[], float]  # runs once and returns the seconds
Key = tuple[str, str, int]  # who, resolver, threads

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", models.parameters(["int16x8"]))
def test_time_of_a_run(name: str, record_property: Callable[[str, Any], None]) -> None:
    inputs = inputs_of(name, litert.details(models.path(name))["inputs"])
    with ExitStack() as stack:
        runs = {("LiteRT", r, n): _litert(stack, name, r, n, inputs) for r in RESOLVERS for n in THREADS}
        runs |= {("numpy", "", n): _delegraph(stack, name, ["reference"], n, inputs) for n in THREADS}
        runs["OpenCL", "", 1] = _delegraph(stack, name, ["opencl", "reference"], 1, inputs)
        seconds = turns.medians({key: run for key, run in runs.items() if run is not None})
    row = {"model": name.removesuffix(".tflite")}
    best = {who: _fastest(seconds, who) for who in ("LiteRT", "numpy", "OpenCL")}
    for who, (found, threads) in best.items():
        row |= {who: tables.milliseconds(found), f"{who} threads": threads}
    ours = {who: found for who, (found, _) in best.items() if who != "LiteRT"}
    theirs = best["LiteRT"][0]
    record_property("int16", row | {f"LiteRT/{w}": tables.ratio(theirs or 0.0, s) for w, s in ours.items()})


def _fastest(seconds: dict[Key, float], who: str) -> tuple[float | None, str]:
    """Return the shortest time of somebody's, and on how many threads."""
    found = [(s, str(threads)) for (name, _, threads), s in seconds.items() if name == who]
    return min(found, default=(None, "-"))


def _litert(
    stack: ExitStack, name: str, resolver: str, threads: int, inputs: Sequence[np.ndarray]
) -> Run | None:
    try:
        loaded = stack.enter_context(litert.loaded(models.path(name), resolver, num_threads=threads))
        loaded.times(1, inputs)
    except litert.LiteRTError:
        return None
    return lambda: loaded.times(1)[0]


def _delegraph(
    stack: ExitStack, name: str, delegates: list[str], threads: int, inputs: Sequence[np.ndarray]
) -> Run | None:
    """Return a run, None where the first delegate cannot work here or takes few of the int16 ops."""
    try:
        ours = Interpreter(str(models.path(name)), num_threads=threads, delegates=delegates)
        stack.enter_context(ours)
        ours.allocate_tensors()
        for detail, array in zip(ours.get_input_details(), inputs, strict=True):
            ours.set_tensor(detail["index"], array)
        ours.invoke()
    except DelegraphError:
        return None
    (plan,) = ours.plan.subgraphs
    taken = [op for p in plan.partitions if p.label == delegates[0] for op in p.ops if _on_int16(op)]
    return (
        partial(turns.seconds, ours.invoke)
        if 2 * len(taken) > sum(map(_on_int16, plan.graph.ops))
        else None
    )


def _on_int16(op: Any) -> bool:
    return any(t.dtype == "int16" for t in op.outputs)
