"""The ops that need no module of their own: a formula of numpy, of one kind with others.

Source of each: the file of tflite/kernels named beside it. Of a StableHLO op that LiteRT does not run,
StableHLO's specification.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from delegraph import OpSupport
from delegraph.rules import one_scale_at_most, one_scale_each, same_shape

from ..elementwise import by_formula
from ..lut import by_real_value
from ..transcendental import arctan2, exp, tanh
from ._arg import arg_row
from ._comparison import comparison_rows
from ._extremum import extremum_rows
from ._relu import relu_rows
from ._segments import unsorted_row
from ._stablehlo import INTEGERS, NUMBERS, REALS, SIGNED, rounded_once, stablehlo_row, stablehlo_unary_row


def _row(op: str, last: int, formula: Callable[..., np.ndarray], types: str, T: str = "") -> OpSupport:
    return OpSupport(op, (1, last), types, kernel=by_formula(formula), T=T)


_HALVES = "float32 float16 bfloat16"
_PLAIN = "float32 float16 int32 int64"
_INTEGERS = "int8 uint8 uint16 int32 uint32"
_NEGATED = f"{_HALVES} int8 int32 int64"
_UNSIGNED = "uint8 uint16 uint32 uint64"

ROWS = (
    # comparisons.cc, and maximum_minimum.cc, where 8 bits are compared as stored
    *comparison_rows("EQUAL", 5, np.equal, f"{_PLAIN} bool string"),
    *comparison_rows("NOT_EQUAL", 4, np.not_equal, f"{_PLAIN} bool string"),
    *comparison_rows("GREATER", 2, np.greater, f"{_HALVES} int32 int64"),
    *comparison_rows("GREATER_EQUAL", 3, np.greater_equal, _PLAIN),
    *comparison_rows("LESS", 3, np.less, f"{_HALVES} int32 int64"),
    *comparison_rows("LESS_EQUAL", 2, np.less_equal, _PLAIN),
    *extremum_rows("MAXIMUM", np.greater, np.maximum),
    *extremum_rows("MINIMUM", np.less, np.minimum),
    # activations.cc
    *relu_rows("RELU", (1, 3), 0, math.inf),
    *relu_rows("RELU6", (1, 3), 0, 6),
    *relu_rows("RELU_0_TO_1", (1, 1), 0, 1),
    *relu_rows("RELU_N1_TO_1", (1, 1), -1, 1),
    _row("TANH", 3, tanh, "T -> T", T=_HALVES),
    OpSupport("TANH", (1, 3), "T -> T", (one_scale_each,), by_real_value(tanh), T="int8 uint8"),
    # floor.cc, ceil.cc, sign.cc, neg.cc (integers wrap; int8 is a plain number), elementwise.cc
    _row("FLOOR", 1, np.floor, "T -> T", T=_HALVES),
    _row("CEIL", 1, np.ceil, "float32 -> float32"),
    _row("SIGN", 2, np.sign, "T -> T", T="float32 float64 int32"),
    OpSupport("NEG", (1, 1), "T -> T", (one_scale_at_most,), by_formula(np.negative), T=_NEGATED),
    _row("SIN", 2, np.sin, "T -> T", T="float32 float16"),
    _row("COS", 2, np.cos, "T -> T", T="float32 float16"),
    _row("SQUARE", 1, np.square, "float32 -> float32"),
    _row("LOGICAL_NOT", 1, np.logical_not, "bool -> bool"),
    # logical.cc, bitwise_xor.cc, zeros_like.cc, exp.cc, atan2.cc, complex_support.cc
    _row("LOGICAL_AND", 1, np.logical_and, "bool bool -> bool"),
    _row("LOGICAL_OR", 1, np.logical_or, "bool bool -> bool"),
    _row("BITWISE_XOR", 1, np.bitwise_xor, "T T -> T", T=_INTEGERS),
    _row("ZEROS_LIKE", 1, np.zeros_like, "T -> T", T="float32 int32 int64"),
    _row("EXP", 2, exp, "float32 -> float32"),
    OpSupport("EXP", (1, 2), "int8 -> int8", (one_scale_each,), by_real_value(exp)),
    OpSupport("ATAN2", (1, 1), "T T -> T", (same_shape,), by_formula(arctan2), T=_HALVES),
    OpSupport("ATAN2", (1, 1), "float64 float64 -> float64", (same_shape,), by_formula(np.arctan2)),
    _row("REAL", 1, lambda x: x.real, "complex64 -> float32"),
    _row("REAL", 1, lambda x: x.real, "complex128 -> float64"),
    _row("IMAG", 1, lambda x: x.imag, "complex64 -> float32"),
    _row("IMAG", 1, lambda x: x.imag, "complex128 -> float64"),
    # arg_min_max.cc, unsorted_segment.cc
    arg_row("ARG_MAX", np.fmax, np.argmax),
    arg_row("ARG_MIN", np.fmin, np.argmin),
    unsorted_row("UNSORTED_SEGMENT_SUM", np.add, lambda limits: 0),
    unsorted_row("UNSORTED_SEGMENT_PROD", np.multiply, lambda limits: 1),
    unsorted_row("UNSORTED_SEGMENT_MAX", np.fmax, lambda limits: limits.min),
    unsorted_row("UNSORTED_SEGMENT_MIN", np.fmin, lambda limits: limits.max),
    # stablehlo_add.cc, _and.cc, _multiply.cc, _shift_left.cc (shifts by less than
    # 0, or by more bits than there are, give 0; LiteRT leaves them undefined)
    stablehlo_row("STABLEHLO_ADD", np.add, NUMBERS),
    stablehlo_row("STABLEHLO_AND", np.bitwise_and, INTEGERS),
    stablehlo_row("STABLEHLO_MULTIPLY", np.multiply, NUMBERS),
    stablehlo_row("STABLEHLO_SHIFT_LEFT", np.left_shift, "int8 int32"),
    # Those that LiteRT does not run; the smallest integer has itself for an absolute value
    stablehlo_row("STABLEHLO_OR", np.bitwise_or, INTEGERS),
    stablehlo_row("STABLEHLO_SUBTRACT", np.subtract, f"{SIGNED} {_UNSIGNED}"),
    stablehlo_unary_row("STABLEHLO_ABS", np.abs, SIGNED),
    stablehlo_unary_row("STABLEHLO_NEGATE", np.negative, f"{SIGNED} uint8 uint32 uint64"),
    stablehlo_unary_row("STABLEHLO_FLOOR", np.floor, REALS),
    stablehlo_unary_row("STABLEHLO_CBRT", rounded_once(np.cbrt), REALS),
    stablehlo_unary_row("STABLEHLO_COSINE", rounded_once(np.cos), REALS),
    stablehlo_unary_row("STABLEHLO_EXPONENTIAL", rounded_once(np.exp), REALS),
    stablehlo_unary_row("STABLEHLO_LOG", rounded_once(np.log), REALS),
    stablehlo_unary_row("STABLEHLO_LOGISTIC", rounded_once(lambda x: 1 / (1 + np.exp(-x))), REALS),
    stablehlo_unary_row("STABLEHLO_RSQRT", rounded_once(lambda x: 1 / np.sqrt(x)), REALS),
    stablehlo_unary_row("STABLEHLO_TANH", rounded_once(np.tanh), REALS),
)
