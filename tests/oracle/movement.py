"""Ops that only move values: LiteRT shows with int32 where values go, and every type must go there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from delegraph.model import DTYPES, Builder, Model, Tensor
from delegraph.partition.specialize import with_bodies
from one_op import check, run_op

EVERY_TYPE = tuple(name for name in DTYPES if name not in ("resource", "variant"))
Build = Callable[[Builder, str], Model]


def check_moves(
    build: Build, shape: Sequence[int], *others: np.ndarray, fill: Any = None, **options: Any
) -> list[np.ndarray]:
    """Fail unless the op moves values of every type to where LiteRT moves int32's; return where it does.

    :param build: adds to a builder the model for a type; its first input is the data, of ``shape``
    :param others: values of its other inputs
    :param fill: 0 if the op writes a zero of the type where no value of the input goes
    """
    places = np.arange(1, np.prod(shape, dtype=int) + 1, dtype=np.int32).reshape(shape)
    moved = check(build(Builder(), "int32"), [places, *others], **options)
    assert moved is not None
    for dtype in EVERY_TYPE:
        values = values_of(dtype, places.size)
        background = [] if fill is None else [_zero(dtype)]
        known = np.array([*background, *values], values.dtype)
        results = _run(build(Builder(), dtype), [values.reshape(shape), *others])
        for ours, where in zip(results, moved, strict=True):
            expected = known[where.reshape(-1) - (fill is None)]
            assert ours.dtype == DTYPES[dtype].numpy, f"{dtype}: {ours.dtype}"
            assert ours.shape == where.shape, f"{dtype}: {ours.shape}, LiteRT has {where.shape}"
            assert ours.reshape(-1).tolist() == expected.tolist(), f"{dtype} moves otherwise than int32"
    return moved


def operand(g: Builder, values: Any, computed: bool, dtype: str = "int32") -> Tensor:
    """Return an operand that holds sizes, axes or indices: a constant, or an input for ``values``."""
    array = np.array(values, dtype)
    return g.input(array.shape, dtype) if computed else g.constant(array)


def values_of(dtype: str, count: int) -> np.ndarray:
    """Return values of a type that differ from their neighbors; strings as bytes."""
    if dtype == "string":
        return np.array([b"s%d" % i for i in range(count)], object)
    kind = DTYPES[dtype].numpy
    modulus = 2 if dtype in ("bool", "int2") else 7
    return (np.arange(count) * 3 % modulus).astype(kind)


def _run(model: Model, arrays: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    graph = model.subgraphs[0]
    (op,) = with_bodies(graph, model).ops
    given = {t.index: a for t, a in zip(graph.inputs, arrays, strict=True)}
    return run_op(op, graph, [None if t is None else given.get(t.index, t.data) for t in op.inputs])


def _zero(dtype: str) -> Any:
    return b"" if dtype == "string" else DTYPES[dtype].numpy.type(0)
