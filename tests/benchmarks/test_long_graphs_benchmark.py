"""How long graphs of thousands of ops take to prepare, in seconds of the processor.

``LONG_GRAPH=100000 pytest tests/benchmarks/test_long_graphs_benchmark.py`` makes longer ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pytest
from delegraph import DelegraphError, Interpreter, load_delegate
from delegraph.model import Builder, Model, Tensor

OPS = int(os.environ.get("LONG_GRAPH", "10000"))
SHAPE, HALF = (1, 2, 2, 8), (1, 2, 2, 4)
DELEGATES = {
    "reference": ("reference", {}),
    "opencl, cpu": ("opencl", {"kernels": "cpu"}),
    "opencl, gpu": ("opencl", {"kernels": "gpu"}),
}

pytestmark = pytest.mark.slow


def _chain(*names: str) -> Callable[[], Model]:
    def make() -> Model:
        g = Builder()
        y = g.input(SHAPE, "float32")
        for i in range(OPS):
            y = g.op(names[i % len(names)], [y], [g.tensor(SHAPE, "float32")])
        return g.model([y])

    return make


def _gated() -> Model:
    g = Builder()
    y = g.input(SHAPE, "float32")
    for _ in range(OPS // 2):
        gate = g.op("LOGISTIC", [y], [g.tensor(SHAPE, "float32")])
        y = g.op("MUL", [y, gate], [g.tensor(SHAPE, "float32")])
    return g.model([y])


def _convolutions() -> Model:
    g = Builder()
    y = g.input(SHAPE, "float32")
    weights = g.constant(np.full((8, 1, 1, 8), 0.1, np.float32)), g.constant(np.zeros(8, np.float32))
    for _ in range(OPS):
        y = g.op(
            "CONV_2D", [y, *weights], [g.tensor(SHAPE, "float32")], padding="SAME", stride_w=1, stride_h=1
        )
    return g.model([y])


def _split_and_joined() -> Model:
    g = Builder()
    y, axis = g.input(SHAPE, "float32"), g.constant(np.int32(3))
    for _ in range(OPS // 2):
        parts: list[Tensor] = [g.tensor(HALF, "float32") for _ in range(2)]
        g.op("SPLIT", [axis, y], parts, num_splits=2)
        y = g.op("CONCATENATION", parts[::-1], [g.tensor(SHAPE, "float32")], axis=3)
    return g.model([y])


def _many_outputs() -> Model:
    g = Builder()
    x = g.input(SHAPE, "float32")
    return g.model([g.op("SOFTMAX", [x], [g.tensor(SHAPE, "float32")], beta=1.0) for _ in range(OPS)])


GRAPHS = {
    "elementwise": _chain("ABS", "TANH"),
    "SOFTMAX": _chain("SOFTMAX"),
    "x * sigmoid(x)": _gated,
    "CONV_2D": _convolutions,
    "SPLIT, CONCATENATION": _split_and_joined,
    "an output of each op": _many_outputs,
}


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("which", DELEGATES)
def test_time_to_prepare(which: str, graph: str, record_property: Callable[[str, Any], None]) -> None:
    name, options = DELEGATES[which]
    model = GRAPHS[graph]()
    try:
        delegate = load_delegate(name, options)
    except DelegraphError as e:
        pytest.skip(str(e))
    if (why := delegate.unavailable()) is not None:
        pytest.skip(why)
    with delegate, Interpreter(model=model, delegates=[delegate]) as interpreter:
        start, on_the_clock = process_time(), perf_counter()
        interpreter.allocate_tensors()
        seconds, waited = process_time() - start, perf_counter() - on_the_clock
    record_property(
        "preparing",
        {
            "delegate": which,
            "graph": graph,
            "ops": str(OPS),
            "processor, s": f"{seconds:.2f}",
            "clock, s": f"{waited:.2f}",
            "load": f"{os.getloadavg()[0]:.1f}",
        },
    )
