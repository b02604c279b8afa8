"""Rescaling of sums, against gemmlowp's definitions written out in Python's integers."""

from __future__ import annotations

import math
import os
from fractions import Fraction

import numpy as np
import pytest
from delegraph import quantize_multiplier, quantize_multipliers
from delegraph_reference.requantize import DoubleRequantizer, Requantizer

SEEDS = int(os.environ.get("DELEGRAPH_STEP_SEEDS", "12"))  # more models of rescaled sums
INT8, UINT8 = (-128, 127), (0, 255)


def _rescaled(total: int, multiplier: int, shift: int) -> int:
    """SaturatingRoundingDoublingHighMul and RoundingDivideByPOT, as gemmlowp/fixedpoint.h defines them."""
    product = _int32(total << max(shift, 0)) * multiplier
    nudge = (1 << 30) if product >= 0 else 1 - (1 << 30)
    high = abs(product + nudge) >> 31
    high = high if product + nudge >= 0 else -high  # C++ divides towards zero
    exponent = max(-shift, 0)
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (1 if high < 0 else 0)
    return (high >> exponent) + (1 if (high & mask) > threshold else 0)


def _int32(x: int) -> int:
    """Return what int32 makes of x."""
    return (x + 2**31) % 2**32 - 2**31


def _expected(total: int, multiplier: int, shift: int, zero_point: int, bounds: tuple[int, int]) -> int:
    return min(max(_rescaled(total, multiplier, shift) + zero_point, bounds[0]), bounds[1])


def _requantized(
    sums: np.ndarray,
    scales: list[float],
    bias: list[int],
    zero_point: int,
    bounds: tuple[int, int],
    largest: float = 2.0**22,
) -> np.ndarray:
    multipliers, shifts = quantize_multipliers(scales)
    biases, limits = np.array(bias, np.int64), np.full(len(scales), largest)
    finish = Requantizer(multipliers, shifts, biases, limits, zero_point, bounds)
    values = sums.astype(np.float64 if np.abs(sums).max() > 2**24 else np.float32)
    first, again = np.empty((2, *sums.shape), np.int8 if bounds[0] < 0 else np.uint8)
    finish(values, first)
    finish._until_search -= 2**60  # lines are looked for now, if they can be
    finish(values, again)
    assert (first == again).all()
    return first


def _near_steps(scale: float, bias: int, zero_point: int) -> np.ndarray:
    """Return the sums on both sides of every place where the output steps, and some far away."""
    steps = [
        math.floor((q - zero_point + half) / scale) - bias for q in range(-2, 258) for half in (-0.5, 0.5)
    ]
    near = [s + d for s in steps for d in (-1, 0, 1)]
    far = [0, 1, -1, -bias, 2**22, -(2**22)]
    return np.array([s for s in (*near, *far) if abs(s) <= 2**22] or [0])


@pytest.mark.parametrize(
    ("bounds", "zero_point"),
    [(INT8, -128), (INT8, 5), (UINT8, 0), (UINT8, 131), ((5, 90), 5), ((-128, -20), 127), ((-3, 3), 0)],
)
@pytest.mark.parametrize("bias", [0, 12345, -7777777, 2**29])
@pytest.mark.parametrize("exponent", [3, 0, -1, -7, -10, -13, -14, -15, -20, -28])
def test_every_step_of_the_output_lies_where_the_definition_puts_it(
    exponent: int, bias: int, zero_point: int, bounds: tuple[int, int]
) -> None:
    for mantissa in (0.5, 0.75, 0.7310585, 0.9999999):
        scale = math.ldexp(mantissa, exponent)
        sums = _near_steps(scale, bias, zero_point)
        found = _requantized(sums[:, None], [scale], [bias], zero_point, bounds)[:, 0]
        pair = quantize_multiplier(scale)
        expected = [_expected(int(s) + bias, *pair, zero_point, bounds) for s in sums]
        assert found.tolist() == expected


def test_channels_of_every_sort_stand_beside_each_other() -> None:
    """Ordinary ones, without weights, with tiny scales, with left shifts, with large biases."""
    scales = [0.003, 1e-9, 2.5, 0.00001, 0.0, 0.4, 3e-5]
    bias = [10, 2**30, 3, -123456, 55, -4, 4_000_000]
    rng = np.random.Generator(np.random.PCG64(1))
    sums = rng.integers(-40000, 40000, (5000, len(scales)))
    sums[:, 1] = 0
    found = _requantized(sums, scales, bias, -7, INT8, 40000)
    for c, (scale, b) in enumerate(zip(scales, bias, strict=True)):
        pair = quantize_multiplier(scale)
        assert found[:, c].tolist() == [_expected(int(s) + b, *pair, -7, INT8) for s in sums[:, c]]


@pytest.mark.parametrize("rows", [0, 1, 100, 40000])
def test_any_number_of_rows_and_a_strided_output(rows: int) -> None:
    sums = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3) % 1000
    multipliers, shifts = quantize_multipliers([0.1] * 3)
    finish = Requantizer(multipliers, shifts, np.zeros(3, np.int64), np.full(3, 1000.0), 0, INT8)
    whole = np.full((rows, 6), 99, np.int8)
    finish(sums.copy(), whole[:, ::2])
    pair = quantize_multiplier(0.1)
    expected = [[_expected(int(s), *pair, 0, INT8) for s in row] for row in sums]
    assert whole[:, ::2].tolist() == expected
    assert (whole[:, 1::2] == 99).all()


def test_sums_that_leave_int32_wrap_as_in_tflite() -> None:
    """A left shift of 10 takes 2**21 to 2**31, which int32 reads as -2**31."""
    found = _requantized(np.array([[2**21], [2**21 - 1]]), [900.0], [0], 0, INT8)
    assert found[:, 0].tolist() == [-128, 127]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_lines_in_float32_step_where_the_definition_steps(seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    channels = 60
    finest = (8, 20)[seed % 2]  # steps of many sums each have no line more often
    scales = np.exp2(-rng.uniform(0, finest, channels))
    zero_point = int(rng.choice([-128, -128, 0, rng.integers(-128, 128)]))
    lowest = (zero_point, -128)[seed // 2 % 2]  # a fused ReLU, or none
    bounds = lowest, int(rng.choice([127, rng.integers(zero_point, 128)]))
    largest = float(2 ** rng.integers(8, 25))
    bias = (rng.normal(0, 1, channels) * np.minimum(300 / scales, 2**28)).astype(np.int64)
    sums = _sums_at_steps(rng, scales, bias, largest)
    multipliers, shifts = quantize_multipliers(scales)
    finish = Requantizer(multipliers, shifts, bias, np.full(channels, largest), zero_point, bounds)
    finish._until_search -= 2**60
    out = np.empty(sums.shape, np.int8)
    finish(sums.astype(np.float32), out)
    assert finish._along_lines is not None or finest > 8 or lowest < zero_point
    expected = _rescaled_all(sums + bias, multipliers, shifts) + zero_point
    np.testing.assert_array_equal(out, expected.clip(*bounds))


def _sums_at_steps(
    rng: np.random.Generator, scales: np.ndarray, bias: np.ndarray, largest: float
) -> np.ndarray:
    """Return (n, channels): both sides of each half step, the extremes, and anything between."""
    halves = np.arange(-260, 261)[:, None] + 0.5
    near = np.floor(np.concatenate([halves / scales - bias + d for d in (-1, 0, 1)]))
    between = rng.integers(-largest, largest, (500, len(scales)), endpoint=True)
    ends = np.array([[-largest], [largest]]) * np.ones(len(scales))
    return np.asarray(np.concatenate([near, between, ends]).clip(-largest, largest).astype(np.int64))


def _rescaled_all(totals: np.ndarray, multipliers: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """``_rescaled`` of arrays, for shifts to the right."""
    product = totals * multipliers
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.sign(nudged) * (np.abs(nudged) >> 31)  # C++ divides towards zero
    right = -shifts
    mask = (1 << right) - 1
    threshold = (mask >> 1) + (high < 0)
    return np.asarray((high >> right) + ((high & mask) > threshold))


def test_one_scale_for_all() -> None:
    finish = Requantizer.of_one_scale(0.25, 1000, 3, INT8)
    out = np.empty((5, 1), np.int8)
    finish(np.array([[-6], [-2], [0], [2], [999]], np.float32), out)
    assert out[:, 0].tolist() == [1, 2, 3, 4, 127]  # -1.5 and -0.5 round away from zero: to -2 and -1


@pytest.mark.parametrize("zero_point", [-128, 0, 127])
def test_the_double_product_rounds_halves_away_from_zero(zero_point: int) -> None:
    scales, bias = np.array([0.5, 0.0625, 1 / 3]), np.array([0, 1, -2])
    sums = np.arange(-3000, 3000)[:, None] * np.ones(3, int)
    out = np.empty(sums.shape, np.int8)
    DoubleRequantizer(scales, bias, zero_point, INT8)(sums.astype(np.float32), out)
    for c in range(3):
        for s, found in zip(sums[:, c], out[:, c], strict=True):
            real = Fraction(float((int(s) + int(bias[c])) * scales[c]))  # the double that is rounded
            rounded = math.floor(abs(real) + Fraction(1, 2)) * (1 if real >= 0 else -1)
            assert int(found) == min(max(rounded + zero_point, -128), 127)
