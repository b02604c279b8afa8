"""QUANTIZE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder
from elementwise import SPECIAL, all_values, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS, axes, quantizations, scales, shapes, zero_points


@settings(max_examples=60, deadline=None)
@given(
    shape=shapes(0, 5, 0, 5),
    dtype=st.sampled_from(["int8", "uint8", "int16", "int4", "uint4"]),
    data=st.data(),
    seed=SEEDS,
)
def test_real_values_are_rounded_half_away_from_zero(
    shape: tuple[int, ...], dtype: str, data: Any, seed: int
) -> None:
    stored = {"scale": data.draw(scales()), "zero_point": data.draw(zero_points(dtype))}
    check_op("QUANTIZE", [random_array("float32", shape, seed)], dtype, {}, stored, version=5)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
@pytest.mark.parametrize("zero_point", [0, 5, 100])
def test_what_does_not_fit_int32_becomes_what_litert_has(dtype: str, zero_point: int) -> None:
    x = np.append(SPECIAL, np.float32([2**31, -(2**31), 2**31 - 128, 1e10]))
    check_op("QUANTIZE", [x], dtype, {}, {"scale": 1.0, "zero_point": zero_point})


@settings(max_examples=40, deadline=None)
@given(
    shape=shapes(1, 4, 1, 5), dtype=st.sampled_from(["int8", "uint8", "int16"]), data=st.data(), seed=SEEDS
)
def test_channels_have_scales_of_their_own(
    shape: tuple[int, ...], dtype: str, data: Any, seed: int
) -> None:
    axis = data.draw(axes(len(shape))) % len(shape)
    each = [(data.draw(scales()), data.draw(zero_points(dtype))) for _ in range(shape[axis])]
    g = Builder()
    x = g.input(shape, "float32")
    scale, zero_point = zip(*each, strict=True)
    y = g.tensor(shape, dtype, scale=scale, zero_point=zero_point, axis=axis)
    check(g.model([g.op("QUANTIZE", [x], [y], version=3)]), [random_array("float32", shape, seed)])


@settings(max_examples=60, deadline=None)
@given(
    source=st.sampled_from(["int8", "uint8"]),
    target=st.sampled_from(["int8", "uint8", "int16"]),
    data=st.data(),
)
def test_every_8_bit_value_is_moved_to_another_scale(source: str, target: str, data: Any) -> None:
    stored = data.draw(quantizations(source)), data.draw(quantizations(target))
    check_op("QUANTIZE", [all_values(source)], target, *stored)


@settings(max_examples=20, deadline=None)
@given(target=st.sampled_from(["int8", "int16", "int32"]), data=st.data())
def test_every_int16_is_moved_to_another_scale(target: str, data: Any) -> None:
    x = np.arange(-(2**15), 2**15).astype(np.int16)
    check_op("QUANTIZE", [x], target, data.draw(quantizations("int16")), data.draw(quantizations(target)))


@settings(max_examples=40, deadline=None)
@given(shape=shapes(0, 5, 0, 5), target=st.sampled_from(["int8", "int16"]), data=st.data(), seed=SEEDS)
def test_int32_is_moved_to_another_scale(shape: tuple[int, ...], target: str, data: Any, seed: int) -> None:
    stored = data.draw(quantizations("int32")), data.draw(quantizations(target))
    check_op("QUANTIZE", [random_array("int32", shape, seed)], target, *stored)


@pytest.mark.parametrize(
    ("source", "target", "stored", "why"),
    [
        ("float32", "int8", ({}, {}), "an output with scales, found none"),
        (
            "int8",
            "uint8",
            ({}, {"scale": 1.0, "zero_point": 0}),
            "one scale and zero point on input and output",
        ),
        (
            "int16",
            "int16",
            ({"scale": 1.0, "zero_point": 1}, {"scale": 1.0, "zero_point": 0}),
            "found 1 and 0",
        ),
    ],
)
def test_tensors_without_what_it_takes_are_refused(source: str, target: str, stored: Any, why: str) -> None:
    check_op("QUANTIZE", [np.ones(2, source)], target, *stored, expect_refusal=why)
