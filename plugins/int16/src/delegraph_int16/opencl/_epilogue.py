"""From sums of int16 inputs times weights to int16 on the device: the three ways of rounding of ``_sums``.

A kernel stores ``ROUNDED(sum, c)``, or ``ROUNDED8`` and ``ROUNDED16`` for as many channels from ``c`` on.
Sums are ``SUM``, ``SUM8`` and ``SUM16``: int, or long where ``WIDE`` is defined. ``SUM_PARAMS`` ends its
list of parameters and brings its own comma.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, quantize_multipliers, stored_range
from delegraph_opencl import Packed, SumEpilogue, Target, int32s
from delegraph_reference import sum_scales

from ..reference._sums import fifteen_bits, in_int32
from ..reference.batch_matmul import column_scales
from ._vectors import STORES

LARGEST_INPUT = 1 << 15
_WRAP = 1 << 16
_WIDEST = 16  # columns that a kernel rounds at once


def of_convolution(op: Op, weights: np.ndarray, bias: np.ndarray | None, target: Target) -> SumEpilogue:
    """The arithmetic of convolutions.

    :param op: its inputs are x, weights and bias
    :param weights: integers (depth, columns)
    """
    scales = sum_scales(op, weights.shape[1])
    if in_int32(op, bias):
        return _twice_rounded(op, scales, bias)
    return _reduced(op, scales, bias, largest_sums(weights), target)


def of_fully_connected(op: Op, weights: np.ndarray, bias: np.ndarray | None, target: Target) -> SumEpilogue:
    """The arithmetic of FULLY_CONNECTED with weights of up to 8 bits."""
    scales, wraps = sum_scales(op, weights.shape[1]), in_int32(op, bias)
    return _once_rounded(op, scales, bias, largest_sums(weights), wraps, target)


def of_int16_weights(op: Op, weights: np.ndarray, bias: np.ndarray | None, target: Target) -> SumEpilogue:
    """The arithmetic of FULLY_CONNECTED with int16 weights."""
    return _reduced(op, sum_scales(op, weights.shape[1]), bias, largest_sums(weights), target)


def of_batch_matmul(op: Op, depth: int, target: Target) -> SumEpilogue:
    """The arithmetic of BATCH_MATMUL; one scale for all columns is ``ROUNDED(sum, 0)``."""
    scales = column_scales(op)
    scales = np.repeat(scales, _WIDEST) if len(scales) == 1 else scales
    return _reduced(op, scales, None, np.full(len(scales), depth * 2.0**30), target)


def largest_sums(weights: np.ndarray) -> np.ndarray:
    """Return what no sum can exceed, for each column of integers (depth, columns)."""
    return np.asarray(np.abs(weights, dtype=np.float64).sum(axis=0) * LARGEST_INPUT)


def _reduced(
    op: Op, scales: np.ndarray, bias: np.ndarray | None, largest: np.ndarray, target: Target
) -> SumEpilogue:
    """A multiplier of 15 bits, one rounding; in float64 where that is exact and the device has it."""
    multiplier, shift = fifteen_bits(scales)
    offset, least = _offset(bias, len(scales)), 2.0**-shift
    steps = (largest + np.abs(offset)) * multiplier * least + 0.5 + _WRAP
    exact = ((steps / least < 2.0**53) & (steps < 2.0**31)).all()
    wide = bool((largest >= 2.0**31).any())
    if exact and target.device.has_fp64:
        factor = multiplier * least
        shifted = offset * factor + 0.5 + _WRAP
        return _rounded(op, _FOLDED, {"double factor": factor, "double offset": shifted}, wide)
    arrays = {"long bias": offset.astype(np.int64), "long multiplier": multiplier, "long shift": shift}
    return _rounded(op, _SHIFTED, arrays, wide)


def _twice_rounded(op: Op, scales: np.ndarray, bias: np.ndarray | None) -> SumEpilogue:
    """A multiplier of 31 bits, two roundings; sums wrap in 32 bits."""
    multiplier, shift = quantize_multipliers(scales)
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    offset = np.zeros(len(scales), np.int32) if bias is None else bias.reshape(-1)
    arrays = {"int bias": offset, "int left": left, "long multiplier": multiplier, "long right": right}
    return _rounded(
        op,
        _TWICE,
        {**arrays, "long halves": (1 << right) >> 1, "long away": -(right > 0).astype(np.int64)},
        False,
    )


def _once_rounded(
    op: Op, scales: np.ndarray, bias: np.ndarray | None, largest: np.ndarray, wraps: bool, target: Target
) -> SumEpilogue:
    """A product of doubles, rounded once; without doubles, what they would give, in integers."""
    offset = np.zeros(len(scales), np.int64) if bias is None else bias.reshape(-1).astype(np.int64)
    wide, total = not wraps and bool((largest >= 2.0**31).any()), "int" if wraps else "long"
    if target.device.has_fp64:
        arrays = {"long bias": offset, "double scale": scales}
        return _rounded(op, _ONCE.replace("TOTAL", total), arrays, wide)
    fractions, exponents = np.frexp(scales)
    arrays = {"long fraction": np.ldexp(fractions, 53).astype(np.int64), "long places": 53 - exponents}
    text = _ONCE_IN_INTEGERS.replace("TOTAL", total)
    return _rounded(op, text, {"long bias": offset, **arrays}, wide)


def _offset(bias: np.ndarray | None, n: int) -> np.ndarray:
    return np.zeros(n) if bias is None else bias.reshape(-1).astype(np.float64)


_NUMPY = {"int": np.int32, "long": np.int64, "double": np.float64}


def _rounded(op: Op, text: str, arrays: dict[str, np.ndarray], wide: bool) -> SumEpilogue:
    """Return the epilogue whose ``text`` reads arrays of one number per column, "type name"."""
    low, high = stored_range(op)
    listed = "".join(f", __global const {declared.replace(' ', '* rounded_')}" for declared in arrays)
    params = f"{listed}, int rounded_low, int rounded_high"
    names = "".join(f", rounded_{declared.split()[1]}" for declared in arrays)
    packed = [_packed(op, declared, array) for declared, array in arrays.items()]
    lines = [
        f"#define ROUNDED{n}(sum, c) rounded{n}(sum, c{names}, rounded_low, rounded_high)"
        for n, _ in _WIDTHS
    ]
    bodies = dict.fromkeys(text.replace("{n}", n).replace("{load}", load) for n, load in _WIDTHS)
    text = "\n".join([*lines, _SUMS, *bodies])
    return SumEpilogue(STORES + text + _STORED, params, (*packed, *int32s(low, high)), wide)


def _packed(op: Op, declared: str, array: np.ndarray) -> Packed:
    dtype = _NUMPY[declared.split()[0]]
    return Packed(f"{op}: {declared}", lambda: np.ascontiguousarray(array, dtype))


_STORED = """
#define STORE_SUM(i, c, sum) y[i] = ROUNDED(sum, c)
#define STORE_SUM8(i, c, sum) STORE_SHORTS8(y, i, ROUNDED8(sum, c))
#define STORE_SUM16(i, c, sum) STORE_SHORTS16(y, i, ROUNDED16(sum, c))
"""
_WIDTHS = (("", "LOAD_ONE"), ("8", "LOAD_8"), ("16", "LOAD_16"))
_SUMS = """
#ifdef cl_khr_fp64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#ifdef WIDE
#define SUM long
#define SUM8 long8
#define SUM16 long16
#else
#define SUM int
#define SUM8 int8
#define SUM16 int16
#endif
#define LOAD_ONE(p, c) (p)[c]
#define LOAD_8(p, c) vload8(0, (p) + (c))
#define LOAD_16(p, c) vload16(0, (p) + (c))
"""
# 2**16 is in the offset: truncation is then floor for all that is not below ``low``, and the low 16 bits
# are those of the result.
_FOLDED = """
static inline short{n} rounded{n}(SUM{n} sum, int c, __global const double* factor,
                                 __global const double* offset, int low, int high) {
  int{n} v = convert_int{n}(convert_double{n}(sum) * {load}(factor, c) + {load}(offset, c));
  return convert_short{n}(clamp(v, (int{n})(low + (1 << 16)), (int{n})(high + (1 << 16))));
}
"""
_SHIFTED = """
static inline short{n} rounded{n}(SUM{n} sum, int c, __global const long* bias,
                                 __global const long* multiplier, __global const long* shift,
                                 int low, int high) {
  long{n} places = {load}(shift, c), half_of = (long{n})(1) << (places - 1);
  long{n} v = ((convert_long{n}(sum) + {load}(bias, c)) * {load}(multiplier, c) + half_of) >> places;
  return convert_short{n}(clamp(convert_int{n}(v), (int{n})(low), (int{n})(high)));
}
"""
_TWICE = """
static inline short{n} rounded{n}(SUM{n} sum, int c, __global const int* bias, __global const int* left,
                                 __global const long* multiplier, __global const long* right,
                                 __global const long* halves, __global const long* away,
                                 int low, int high) {
  int{n} total = (sum + {load}(bias, c)) << {load}(left, c);
  long{n} v = (convert_long{n}(total) * {load}(multiplier, c) + (1L << 30)) >> 31;
  v = (v + {load}(halves, c) + ((v >> 63) & {load}(away, c))) >> {load}(right, c);
  return convert_short{n}(clamp(convert_int{n}(v), (int{n})(low), (int{n})(high)));
}
"""
# 0x1.fffffffffffffp-2 is the largest double below 1/2: adding 1/2 itself would carry some up to 1. What
# int32 does not hold becomes its smallest value.
_ONCE = """
static inline short{n} rounded{n}(SUM{n} sum, int c, __global const long* bias,
                                  __global const double* scale, int low, int high) {
#pragma OPENCL FP_CONTRACT OFF
  TOTAL{n} total = convert_TOTAL{n}(sum) + convert_TOTAL{n}({load}(bias, c));
  double{n} v = convert_double{n}(total) * {load}(scale, c);
  v = trunc(v + copysign((double{n})(0x1.fffffffffffffp-2), v));
  v = select(v, (double{n})(low), (long{n})(v >= (double{n})(0x1p31)));
  return convert_short{n}(clamp(v, (double{n})(low), (double{n})(high)));
}
"""
# A double is fraction / 2**places, the fraction of 53 bits, and a product of two is cut to as many.
_ONCE_IN_INTEGERS = """
static inline ulong nearest_even(ulong high, ulong low, int places) {
  ulong kept, rest;
  if (places == 0) return low;
  if (places < 64) kept = high << (64 - places) | low >> places, rest = low << (64 - places);
  else if (places == 64) kept = high, rest = low;
  else kept = high >> (places - 64), rest = high << (128 - places) | (low != 0);
  return kept + (rest > 1UL << 63 || (rest == 1UL << 63 && (kept & 1)));
}
static inline int times_double(long total, long fraction, long places) {
  ulong a = abs(total);
  int more = max(11 - (int)clz(a), 0);
  a = nearest_even(0, a, more) << more;
  ulong high = mul_hi(a, (ulong)fraction), low = a * (ulong)fraction;
  more = max(75 - (int)(high ? clz(high) : 64 + clz(low)), 0);
  ulong product = nearest_even(high, low, more);
  places -= more;
  if (places <= 0 && product) return INT_MIN;
  if (places <= 0 || places > 62) return 0;
  product = (product + (1UL << (places - 1))) >> places;
  return product >> 31 ? INT_MIN : total < 0 ? -(int)product : (int)product;
}
static inline short rounded(SUM sum, int c, __global const long* bias, __global const long* fraction,
                           __global const long* places, int low, int high) {
  long total = (TOTAL)(sum) + (TOTAL)(bias[c]);
  return clamp(times_double(total, fraction[c], places[c]), low, high);
}
static inline short16 rounded16(SUM16 sum, int c, __global const long* bias, __global const long* fraction,
                               __global const long* places, int low, int high) {
  SUM sums[16];
  short16 v;
  vstore16(sum, 0, sums);
  for (int j = 0; j < 16; j++) ((short*)&v)[j] = rounded(sums[j], c + j, bias, fraction, places, low, high);
  return v;
}
"""
