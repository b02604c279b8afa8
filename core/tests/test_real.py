"""Real values are stored as LiteRT's QUANTIZE stores them, and read back."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder
from delegraph.numbers import is_quantized, real_from_stored, stored_from_real


def tensor(dtype, shape=(4,), **quantization):
    return Builder().input(shape, dtype, name="t", **quantization)


def test_halves_are_rounded_away_from_zero():
    found = stored_from_real(
        np.float32([0.25, -0.25, 0.75, -0.75]), tensor("int8", scale=0.5, zero_point=10)
    )
    assert found.tolist() == [11, 9, 12, 8]  # real / 0.5 is 0.5, -0.5, 1.5, -1.5


def test_values_beyond_the_dtype_saturate():
    t = tensor("uint8", scale=1.0, zero_point=0)
    assert stored_from_real(np.float32([-5, 300, np.inf, -np.inf]), t).tolist() == [0, 255, 255, 0]


def test_int32_saturates_without_wrapping():
    assert stored_from_real(np.float64([3e9, -3e9]), tensor("int32")).tolist() == [2**31 - 1, -(2**31)]


def test_narrow_types_keep_their_range():
    assert stored_from_real(np.float32([99, -99]), tensor("int2", scale=1.0, zero_point=0)).tolist() == [
        1,
        -2,
    ]
    assert stored_from_real(np.float32([99, -99]), tensor("uint4", scale=1.0, zero_point=0)).tolist() == [
        15,
        0,
    ]


def test_float16_rounds_to_nearest():
    found = stored_from_real(np.float32([1 + 2**-12, 1 + 2**-10]), tensor("float16"))
    assert found.dtype == np.float16
    assert found.tolist() == [1, 1 + 2**-10]


def test_each_slice_of_a_tensor_quantized_per_axis_has_its_scale():
    t = tensor("int8", (2, 2), scale=[1.0, 0.5], zero_point=[0, 0], axis=1)
    assert stored_from_real(np.float32([[2, 2], [3, 3]]), t).tolist() == [[2, 4], [3, 6]]
    assert real_from_stored(np.int8([[2, 4], [3, 6]]), t).tolist() == [[2, 2], [3, 3]]


def test_stored_values_are_read_back_by_scale_and_zero_point():
    t = tensor("int8", scale=0.5, zero_point=-128)
    assert real_from_stored(np.int8([-128, 0, 127]), t).tolist() == [0, 64, 127.5]


def test_integers_without_a_scale_are_no_real_values():
    assert not is_quantized(tensor("int32"))
    assert not is_quantized(tensor("uint8", scale=0.0, zero_point=0))
    assert real_from_stored(np.int32([1, 2]), tensor("int32")).dtype == np.int32


@pytest.mark.parametrize("dtype", ["string", "bfloat16", "float8_e4m3fn"])
def test_types_that_store_bits_or_text_are_refused_with_the_way_out(dtype):
    with pytest.raises(
        InputError, match=f"is {dtype}: real values cannot be converted to it; give an array"
    ):
        stored_from_real(np.float32([1]), tensor(dtype))
