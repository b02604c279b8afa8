"""How long a run takes beside LiteRT's three resolvers, how long a file takes to read, what dispatch costs.

``pytest tests/benchmarks`` prints the tables at the end; ``-k mobilenet`` measures some models only.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import litert
import models
import numpy as np
import pytest
import tables
from delegraph.file import read_model
from delegraph.interpreter import Interpreter
from delegraph.model import Builder
from inputs import inputs_of
from one_op import prepared

THREADS = (1, 2)
RESOLVERS = {"REF": "BUILTIN_REF", "builtin": "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "XNNPACK": "BUILTIN"}
SECONDS = 1.5  # of runs, per model and number of threads
MANY_OPS = 2000

pytestmark = pytest.mark.slow

Record = Callable[[str, Any], None]


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("name", models.parameters())
def test_time_of_a_run(name: str, threads: int, record_property: Record) -> None:
    path = models.path(name)
    try:
        details = litert.details(path, "BUILTIN")
    except litert.LiteRTError as e:
        pytest.skip(f"LiteRT does not run it: {str(e).splitlines()[0][:80]}")
    inputs = inputs_of(name, details["inputs"])
    seconds = _interleaved(path, inputs, threads)
    ours = seconds.pop("delegraph")
    record_property(
        "times",
        {"model": name.removesuffix(".tflite"), "threads": str(threads)}
        | {label: tables.milliseconds(theirs) for label, theirs in seconds.items()}
        | {"delegraph": tables.milliseconds(ours)}
        | {f"/{label}": tables.ratio(ours, theirs) for label, theirs in seconds.items()},
    )


@pytest.mark.parametrize("name", models.parameters())
def test_time_to_read_a_file(name: str, record_property: Record) -> None:
    model = read_model(models.path(name))
    seconds = [_seconds(lambda: read_model(models.path(name))) for _ in range(7)]
    record_property(
        "reading",
        {
            "model": name.removesuffix(".tflite"),
            "kB": str(models.path(name).stat().st_size // 1000),
            "ops": str(sum(len(graph.ops) for graph in model.subgraphs)),
            "ms": tables.milliseconds(median(seconds)),
        },
    )


def test_cost_of_dispatch(record_property: Record) -> None:
    g = Builder()
    x = g.input((1,), "float32")
    for _ in range(MANY_OPS):
        x = g.op("ABS", [x], [g.tensor((1,), "float32")])
    model = g.model(outputs=[x])
    one = np.ones(1, np.float32)
    kernel = prepared(model.subgraphs[0].ops[0], model.subgraphs[0])
    with Interpreter(model=model) as interpreter:
        interpreter.allocate_tensors()
        pairs = [
            (_seconds(interpreter.invoke), _seconds(lambda: [kernel(one) for _ in range(MANY_OPS)]))
            for _ in range(21)
        ]
    whole, alone = (median(seconds) / MANY_OPS for seconds in zip(*pairs, strict=True))
    row = {"with dispatch": whole, "kernel alone": alone, "dispatch": whole - alone}
    record_property("dispatch", {f"{label}, us per op": f"{s * 1e6:.2f}" for label, s in row.items()})


def _interleaved(path: Path, inputs: list[np.ndarray], threads: int) -> dict[str, float | None]:
    """Return median seconds of a run by LiteRT's resolvers and by delegraph, measured in turn."""
    with ExitStack() as stack:
        ours = stack.enter_context(Interpreter(model_path=str(path), num_threads=threads))
        ours.allocate_tensors()
        for detail, array in zip(ours.get_input_details(), inputs, strict=True):
            ours.set_tensor(detail["index"], array)
        runs = {label: _runner(stack, path, r, inputs, threads) for label, r in RESOLVERS.items()}
        runs["delegraph"] = lambda: _seconds(ours.invoke)
        measured: dict[str, list[float]] = {label: [] for label in runs}
        start = perf_counter()
        while perf_counter() - start < SECONDS or len(measured["delegraph"]) < 3:
            for label, run in runs.items():
                measured[label] += [] if run is None else [run()]
    return {label: median(found[1:]) if len(found) > 1 else None for label, found in measured.items()}


def _runner(
    stack: ExitStack, path: Path, resolver: str, inputs: list[np.ndarray], threads: int
) -> Callable[[], float] | None:
    """Return a function that runs once in LiteRT's process and gives its seconds; None if LiteRT cannot."""
    try:
        loaded = stack.enter_context(litert.loaded(path, resolver, num_threads=threads))
        loaded.times(1, inputs)
    except litert.LiteRTError:
        return None
    return lambda: loaded.times(1)[0]


def _seconds(run: Callable[[], Any]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start
