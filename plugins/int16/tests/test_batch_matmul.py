"""BATCH_MATMUL with a scale for each column of int8 y, against Python's integers: LiteRT gives zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, Interpreter, Model, load_delegate
from hypothesis import given, settings
from hypothesis import strategies as st
from rational import reduced, saturated

X_SCALE = 2.0**-9
DELEGATES = [("reference", {}), ("opencl", {}), ("opencl", {"kernels": "gpu"})]
SIZES = st.tuples(st.integers(1, 3), st.integers(1, 40), st.integers(2, 35))  # rows, depth, columns
STACKS = st.sampled_from([((), ()), ((2,), (2,)), ((3,), (1,)), ((), (2,)), ((2, 1), (3,))])
SEEDS = st.integers(0, 2**32 - 1)


def _product(
    stacks: Any, sizes: Any, turns: Any, scales: np.ndarray, out: float, seed: int, axis: int | None = None
) -> tuple[Model, np.ndarray, np.ndarray]:
    """Return a model of a product, x, and y as (..., depth, columns)."""
    rows, depth, columns = sizes
    random = np.random.default_rng(seed)
    x = random.integers(-32768, 32768, (*stacks[0], rows, depth)).astype(np.int16)
    y = random.integers(-128, 128, (*stacks[1], depth, columns)).astype(np.int8)
    g = Builder()
    kept = [_turned(a, turn) for a, turn in zip((x, y), turns, strict=True)]
    along = y.ndim - (2 if turns[1] else 1) if axis is None else axis
    left = g.input(kept[0].shape, "int16", scale=X_SCALE, zero_point=0)
    right = g.constant(kept[1], scale=scales, zero_point=[0] * len(scales), axis=along)
    shape = (*np.broadcast_shapes(*stacks), rows, columns)
    z = g.tensor(shape, "int16", scale=out, zero_point=0)
    g.op("BATCH_MATMUL", [left, right], [z], adj_x=turns[0], adj_y=turns[1], version=4)
    return g.model(outputs=[z]), x, y


def _turned(array: np.ndarray, turn: bool) -> np.ndarray:
    return array.swapaxes(-1, -2) if turn else array


def _expected(x: np.ndarray, y: np.ndarray, scales: np.ndarray, out: float) -> Any:
    sums = np.matmul(x.astype(object), y.astype(object))  # Python's integers
    of_columns = [X_SCALE * float(s) / out for s in scales]
    found = [
        saturated(reduced(int(a), of_columns[i % len(scales)])) for i, a in enumerate(sums.reshape(-1))
    ]
    return np.array(found).reshape(sums.shape).tolist()


@pytest.mark.parametrize(("delegate", "options"), DELEGATES)
@settings(max_examples=25)
@given(
    stacks=STACKS,
    sizes=SIZES,
    turns=st.tuples(st.booleans(), st.booleans()),
    spread=st.sampled_from([1e-3, 0.3, 1.0, 40.0]),
    seed=SEEDS,
)
def test_every_column_has_its_scale(
    delegate: str, options: dict[str, Any], stacks: Any, sizes: Any, turns: Any, spread: float, seed: int
) -> None:
    scales = np.float32(2.0 ** np.random.default_rng(seed).uniform(-14, -4, sizes[2]))
    out = float(np.float32(X_SCALE * scales.max() * 128 * np.sqrt(sizes[1]) * spread))
    model, x, y = _product(stacks, sizes, turns, scales, out, seed)
    with Interpreter(model=model, delegates=[_loaded(delegate, options)]) as interpreter:
        assert np.asarray(interpreter(_turned(x, turns[0]))).tolist() == _expected(x, y, scales, out)


@pytest.mark.parametrize("turned", [False, True])
def test_scales_along_the_depth_are_refused(turned: bool) -> None:
    """Square matrices, so that their number fits either axis."""
    depth_axis = 1 if turned else 0
    model, _, _ = _product(((), ()), (2, 4, 4), (False, turned), np.full(4, 0.5, "f4"), 1.0, 1, depth_axis)
    assert "needs one scale for y, or one for each column" in _refusal(model)


def test_columns_with_zero_points_are_refused() -> None:
    g = Builder()
    x = g.input((2, 3), "int16", scale=X_SCALE, zero_point=0)
    y = g.constant(np.ones((3, 2), np.int8), scale=[0.5, 0.25], zero_point=[0, 3], axis=1)
    z = g.tensor((2, 2), "int16", scale=0.1, zero_point=0)
    refusal = _refusal(g.model([g.op("BATCH_MATMUL", [x, y], [z], version=4)]))
    assert (
        "needs one scale for y, or one for each column with zero points of 0, found zero point 3" in refusal
    )


def _refusal(model: Model) -> str:
    graph = model.subgraphs[0]
    return "; ".join(map(str, load_delegate("reference").table.refusals(graph.ops[0], graph)))


def _loaded(name: str, options: dict[str, Any]) -> Any:
    if name == "opencl":
        pytest.importorskip("delegraph_opencl", reason="delegraph-opencl is not installed")
    delegate = load_delegate(name, options)
    if (why := delegate.unavailable()) is not None:
        pytest.skip(why)
    return delegate
