"""DEQUANTIZE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Blocks, Builder
from elementwise import all_halves, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array, run_op
from strategies import SEEDS, axes, quantizations, scales, shapes, zero_points


@settings(max_examples=40, deadline=None)
@given(
    shape=shapes(0, 5, 0, 5), dtype=st.sampled_from(["int8", "uint8", "int16"]), data=st.data(), seed=SEEDS
)
def test_stored_values_become_real_ones(shape: tuple[int, ...], dtype: str, data: Any, seed: int) -> None:
    x = random_array(dtype, shape, seed)
    check_op("DEQUANTIZE", [x], "float32", data.draw(quantizations(dtype)), {}, version=3, rtol=0)


@settings(max_examples=40, deadline=None)
@given(
    shape=shapes(1, 4, 1, 5),
    dtype=st.sampled_from(["int8", "uint8", "int4", "uint4", "int2"]),
    per_channel=st.booleans(),
    data=st.data(),
    seed=SEEDS,
)
def test_constants_of_any_width_become_real_values(
    shape: tuple[int, ...], dtype: str, per_channel: bool, data: Any, seed: int
) -> None:
    axis = data.draw(axes(len(shape))) % len(shape)
    n = shape[axis] if per_channel else 1
    zero_point = st.just(0) if dtype == "int2" else zero_points(dtype)
    scale, zero_point = zip(*[(data.draw(scales()), data.draw(zero_point)) for _ in range(n)], strict=True)
    g = Builder()
    values = random_array(dtype, shape, seed)
    x = g.constant(values, dtype, scale=scale, zero_point=zero_point, axis=axis if per_channel else 0)
    model = g.model([g.op("DEQUANTIZE", [x], [g.tensor(shape, "float32")], version=8)])
    check(model, [], rtol=0)


def test_every_float16_is_widened() -> None:
    x = np.append(all_halves(), np.float16(np.nan))
    check_op("DEQUANTIZE", [x], "float32", version=3, rtol=0)


@pytest.mark.parametrize(
    ("dtype", "stored", "why"),
    [
        ("int8", {}, "an input with scales, found none"),
        (
            "int16",
            {"scale": [0.1, 0.2], "zero_point": [0, 0]},
            "one scale on an int16 input, found 2 scales",
        ),
    ],
)
def test_tensors_without_what_it_takes_are_refused(dtype: str, stored: Any, why: str) -> None:
    check_op("DEQUANTIZE", [np.ones(2, dtype)], "float32", stored, {}, expect_refusal=why)


@pytest.mark.parametrize("dtype", ["int8", "int4", "int2"])
def test_each_block_has_its_scale(dtype: str) -> None:
    """LiteRT does not look at blocks; the answer is written out."""
    stored = random_array(dtype, (3, 2, 64), 1)
    factors = random_array("float32", (3, 2, 2), 2, -2, 2).astype(np.float16)
    g = Builder()
    x = g.constant(stored, dtype, blocks=Blocks(g.constant(factors), 32))
    y = g.op("DEQUANTIZE", [x], [g.tensor((3, 2, 64), "float32")], version=6)
    graph = g.model([y]).subgraphs[0]
    (found,) = run_op(graph.ops[0], graph, [x.data])
    np.testing.assert_array_equal(
        found, stored.astype(np.float64) * factors.astype(np.float64).repeat(32, 2)
    )
