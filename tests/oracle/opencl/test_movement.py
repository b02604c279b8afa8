"""Ops that only move values, on OpenCL against LiteRT: tensors too large for one table, of many axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, Tensor
from one_op import random_array
from one_op_opencl import check


@pytest.mark.parametrize(
    ("op", "shape", "operand", "options"),
    [
        ("TRANSPOSE", (7, 40, 30, 50), [3, 1, 0, 2], {}),
        ("TRANSPOSE", (3, 5, 4, 6, 64), [2, 0, 3, 1, 4], {}),
        ("TRANSPOSE", (300, 700), [1, 0], {}),
        ("TRANSPOSE", (2, 3, 4, 5, 6, 7), [4, 2, 0, 5, 3, 1], {}),
        ("PAD", (2, 130, 131, 3), [[0, 0], [1, 2], [3, 1], [0, 0]], {}),
        ("PAD", (1, 60, 60, 32), [[0, 1], [1, 0], [0, 2], [0, 32]], {}),
        ("PAD", (30000,), [[1, 1]], {}),
        ("MIRROR_PAD", (1, 90, 80, 5), [[0, 0], [4, 4], [4, 4], [0, 0]], {"mode": "REFLECT"}),
        ("TILE", (40, 50), [30, 20], {}),
        ("REVERSE_V2", (64, 1000), [1], {}),
    ],
)
def test_large_tensors(op: str, shape: tuple[int, ...], operand: Any, options: dict[str, Any]) -> None:
    g = Builder()
    x, spec = g.input(shape, "float32"), g.constant(np.array(operand, np.int32))
    y = g.op(op, [x, spec], [g.tensor((), "float32")], version=1, **options)
    check(g.model([y]), [random_array("float32", shape, 1)], half_rtol=1e-3)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_large_tensors_are_joined_and_cut(axis: int) -> None:
    g = Builder()
    shapes = [[60, 70, 20] for _ in range(3)]
    for shape, size in zip(shapes, (5, 33, 12), strict=True):
        shape[axis] = size
    xs = [g.input(shape, "float32") for shape in shapes]
    whole = [60, 70, 20]
    whole[axis] = 50
    joined = g.op("CONCATENATION", xs, [g.tensor(whole, "float32")], axis=axis)
    parts = [[*whole], [*whole]]
    parts[0][axis], parts[1][axis] = 18, 32
    spec = [g.constant(np.array(v, np.int32)) for v in ([18, 32], axis)]
    outputs: tuple[Tensor, ...] = g.op(
        "SPLIT_V", [joined, *spec], [g.tensor(p, "float32") for p in parts], num_splits=2
    )
    arrays = [random_array("float32", tuple(shape), i) for i, shape in enumerate(shapes)]
    check(g.model([joined, *outputs]), arrays, half_rtol=1e-3)


def test_an_empty_tensor_is_moved_to_an_empty_one() -> None:
    g = Builder()
    x = g.input((0, 3), "float32")
    y = g.op("TRANSPOSE", [x, g.constant(np.array([1, 0], np.int32))], [g.tensor((3, 0), "float32")])
    empty = np.zeros((0, 3), np.float32)
    check(g.model([y]), [empty], expected=[empty.T])


def test_a_slice_of_what_is_computed_before() -> None:
    """Its values lie in the buffer of the op before it, where devices allow a view to begin."""
    for begin in (0, 1, 4):
        g = Builder()
        x = g.input((8, 64), "float32")
        doubled = g.op("ADD", [x, x], [g.tensor((8, 64), "float32")])
        spec = [g.constant(np.array(v, np.int32)) for v in ([begin, 0], [2, 64])]
        part = g.op("SLICE", [doubled, *spec], [g.tensor((2, 64), "float32")])
        y = g.op("MUL", [part, part], [g.tensor((2, 64), "float32")])
        check(g.model([part, y]), [random_array("float32", (8, 64), 5)])
