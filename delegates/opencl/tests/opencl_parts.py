"""What the tests share: a small model, a custom op for the delegate, and a delegate that takes the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from delegraph import (
    Builder,
    Constraint,
    Delegate,
    Model,
    OpSupport,
    Partition,
    Run,
    SupportTable,
    hookimpl,
    run_op_by_op,
)
from delegraph_opencl import Kernel, Launch, Node, Packed, Target
from delegraph_opencl.run import binding

# Seconds that it is said to take to wake workers, and until helpers join in.
WAYS = {"caller": (1.0, 1.0), "helped": (1.0, -1.0), "workers": (-1.0, 1.0)}


def compute_by(monkeypatch: Any, way: str) -> None:
    """Let the thread that asks compute what is made from now on, that and helpers, or workers."""
    monkeypatch.setattr(binding, "WAKE", WAYS[way][0])
    monkeypatch.setattr(binding, "JOIN", WAYS[way][1])


class Spare(Delegate):
    """Computes in numpy what the delegate under test leaves over."""

    name = "spare"
    KERNELS = {"ADD": np.add, "MUL": np.multiply, "Triple": lambda x: x * 3}

    def __init__(self) -> None:
        super().__init__()
        self.table = SupportTable(self.name, [OpSupport(op, (1, 9), "any* -> any*") for op in self.KERNELS])
        self.got: list[Any] = []

    def prepare(self, partition: Partition) -> Run:
        run_ops = run_op_by_op(partition, lambda op: lambda *given: (self.KERNELS[op.name](*given),))

        def run(*inputs: Any) -> tuple[Any, ...]:
            self.got += inputs
            return run_ops(*inputs)

        return run


def chain(*ops: str, shape: Sequence[int] = (1, 2, 2, 4), numbers: dict[str, float] | None = None) -> Model:
    """Return a model whose ops each read the one before: ADD adds 1, MUL doubles, others are custom ops."""
    numbers = {"ADD": 1.0, "MUL": 2.0} | (numbers or {})
    g = Builder()
    value = g.input(shape, "float32", name="x")
    for i, op in enumerate(ops):
        given = [value, g.constant(np.float32([numbers[op]]))] if op in numbers else [value]
        value = g.op(op, given, [g.tensor(shape, "float32", name="y" if i + 1 == len(ops) else f"t{i}")])
    return g.model(outputs=[value])


TRIPLE = """
__kernel void triple(__global const REAL* x, __global REAL* y, int n) {
  for (int i = 0; i < n; i++) STORE(y, i, LOAD(x, i) * (F)3);
}
"""
WEIGH = """
__kernel void weigh(__global const REAL* x, __global const float* w, __global REAL* y, int n) {
  for (int i = 0; i < n; i++) STORE(y, i, LOAD(x, i) * LOADF(w, i));
}
"""


def triple(
    node: Node, target: Target, source: str = TRIPLE, local_size: tuple[int, ...] | None = None
) -> list[Launch]:
    (x,), (y,) = node.inputs, node.outputs
    args = (x, y, np.int32(y.size))
    return [Launch(source, "triple", args, (1,), local_size, writes=(y,), flops=y.size)]


def tripling(
    source: str = TRIPLE, local_size: tuple[int, ...] | None = None, prepare: Any = None
) -> object:
    """Return a plugin that adds the custom op Triple to the delegate."""
    return Adding("Triple", prepare or (lambda node, target: triple(node, target, source, local_size)))


def weighting(work: list[str]) -> object:
    """Return a plugin that adds the custom op Weigh, which doubles; ``work`` hears of weights packed."""

    def packed() -> np.ndarray:
        work.append("pack")
        return np.full(16, 2, np.float32)

    def prepare(node: Node, target: Target) -> list[Launch]:
        (x,), (y,) = node.inputs, node.outputs
        args = (x, Packed("twos", packed, 64), y, np.int32(y.size))
        return [Launch(WEIGH, "weigh", args, (1,), writes=(y,))]

    return Adding("Weigh", prepare)


class Adding:
    """A plugin that adds one custom op to the delegate, as another package would."""

    DELEGRAPH_API = 1

    def __init__(self, op: str, prepare: Any, constraints: Sequence[Constraint] = ()) -> None:
        self.row = OpSupport(
            op, (1, 1), "float32 -> float32", constraints, kernel=Kernel(prepare), rtol=1e-6
        )

    @hookimpl
    def delegraph_op_support(self, delegate: Delegate) -> list[OpSupport]:
        return [self.row] if delegate.name == "opencl" else []
