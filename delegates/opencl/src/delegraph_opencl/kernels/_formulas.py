"""The ops that need no module of their own: what they compute fits in a formula of OpenCL C.

Sources: tflite/delegates/gpu/common/model_builder.cc, whose parser of an op says in which versions it takes
what; of an op that it lacks, the file beside it, in tflite/kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from delegraph import OpSupport
from delegraph.rules import (
    broadcast_alpha,
    hard_swish_scales,
    known_activation,
    one_scale_at_most,
    output_steps,
    same_shape,
)

from ..families.arg import arg_support
from ..families.comparison import comparison_support
from ..families.elementwise import activated, counted, elementwise, literal
from ..families.move_ops import move_support
from ..families.movement import moving
from ..families.pool import pool_support
from ..families.reduce import Reduction
from ..families.reduce_ops import real_support, something_to_add, whole_support
from ..families.support_rows import float_support, plain_support, safe_divisor, same_quantization
from ..options import Options

Support = Callable[[str, Options], Iterable[OpSupport]]


def table(options: Options) -> Mapping[str, Callable[[], Iterable[OpSupport]]]:
    """Return functions that return the support rows of an op, by op."""
    return {op: partial(_rows, op, options) for op in _TABLE}


def _rows(op: str, options: Options) -> list[OpSupport]:
    return [row for support in _TABLE[op] for row in support(op, options)]


def _reals(formula: str, **claims: Any) -> Support:
    """Elementwise; {0} and {1} are the operands, F is their type."""
    return lambda op, options: float_support(op, elementwise(formula), options, _types(formula), **claims)


def _integers(formula: str, fused: bool = False, **claims: Any) -> Support:
    """Elementwise, of integers or bools; ``fused``: with the op's activation."""
    kernel = counted(activated(formula) if fused else formula)
    return lambda op, options: plain_support(op, kernel, options, _types(formula), **claims)


def _types(formula: str) -> str:
    return "T T -> T" if "{1}" in formula else "T -> T"


def _compared(sign: str, **claims: Any) -> Support:
    return lambda op, options: comparison_support(op, sign, options, **claims)


def _reduced(how: Reduction, **claims: Any) -> Support:
    return lambda op, options: real_support(op, how, options, **claims)


def _reduced_integers(start: str | None, combine: str, **claims: Any) -> Support:
    return lambda op, options: whole_support(op, start, combine, options, **claims)


def _place_of(sign: str, lowest: str) -> Support:
    return lambda op, options: arg_support(op, sign, lowest, options)


def _pooled(start: str, combined: str, shift: str, factor: str) -> Support:
    return lambda op, options: pool_support(op, start, combined, shift, factor, options)


def _unmoved(types: str, **claims: Any) -> Support:
    return lambda op, options: move_support(op, moving(lambda op, tables: tables), options, types, **claims)


_ACTIVATION = {"constraints": [known_activation]}
_DIVISOR = [known_activation, safe_divisor]
_ALIKE = {"quantized_constraints": [same_quantization]}
_ONE_SCALE: dict[str, Any] = {"constraints": [one_scale_at_most]}
_UNIT = {"quantized_constraints": [output_steps(256)]}
_GATE = "fmin(fmax({0} + ({F})(3), ({F})(0)), ({F})(6))"
# In a vector with a number above 2^31, PoCL's sin of those near 0 is wrong: off by as much as 0.015.
_SERIES = f"{{0}} * (({{F}})(1) - {{0}} * {{0}} * {literal(1 / 6)})"
_SINE = f"(fabs({{0}}) < {literal(1 / 64)} ? {_SERIES} : sin({{0}}))"
_REST = "fmod({0}, {1})"  # with the sign of x
_FLOOR_MOD = f"({_REST} != 0 & ({_REST} < 0) != ({{1}} < 0) ? {_REST} + {{1}} : {_REST})"
_FLOOR_MOD_INTEGERS = "{0} % {1} + ({0} % {1} != 0 && ({0} < 0) != ({1} < 0) ? {1} : 0)"
_SQUARED = "({0} - {1}) * ({0} - {1})"

_TABLE: dict[str, tuple[Support, ...]] = {
    # Arithmetic with broadcasting. Integers wrap, and quotients of them are cut toward 0.
    "ADD": (
        _reals("{0} + {1}", last=6, half_rtol=1e-2, **_ACTIVATION),
        _integers("{0} + {1}", fused=True, last=6, **_ACTIVATION),
    ),
    "SUB": (
        _reals("{0} - {1}", last=5, half_rtol=1e-2, **_ACTIVATION),
        _integers("{0} - {1}", fused=True, last=5, **_ACTIVATION),
    ),
    "MUL": (
        _reals("{0} * {1}", last=8, **_ACTIVATION),
        _integers("{0} * {1}", fused=True, last=8, **_ACTIVATION),
    ),
    "DIV": (
        _reals("{0} / {1}", quantized="", **_ACTIVATION),
        _integers("{0} / {1}", fused=True, constraints=_DIVISOR, T="int32"),
    ),
    "FLOOR_MOD": (  # x - y * floor(x / y), with the sign of y
        _reals(_FLOOR_MOD, quantized=""),
        _integers(_FLOOR_MOD_INTEGERS, constraints=[safe_divisor]),
    ),
    "SQUARED_DIFFERENCE": (_reals(_SQUARED, quantized="int8"), _integers(_SQUARED, T="int32")),
    "POW": (_reals("pow({0}, {1})", last=1, quantized=""),),
    "ATAN2": (_reals("atan2({0}, {1})", last=1, constraints=[same_shape], quantized=""),),  # atan2.cc
    # The second of two where either is NaN.
    "MAXIMUM": (
        _reals("({0} > {1} ? {0} : {1})", last=4, **_ALIKE),
        _integers("({0} > {1} ? {0} : {1})", last=4, **_ONE_SCALE),
    ),
    "MINIMUM": (
        _reals("({0} < {1} ? {0} : {1})", last=4, **_ALIKE),
        _integers("({0} < {1} ? {0} : {1})", last=4, **_ONE_SCALE),
    ),
    # Comparisons (LogicalElementwiseOperationParser) and logic (logical.cc, elementwise.cc).
    "EQUAL": (_compared("==", last=5, T="int32 int64 bool"),),
    "NOT_EQUAL": (_compared("!=", last=4, T="int32 int64 bool"),),
    "GREATER": (_compared(">", last=2),),
    "GREATER_EQUAL": (_compared(">=", last=3),),
    "LESS": (_compared("<", last=3),),
    "LESS_EQUAL": (_compared("<=", last=2),),
    "LOGICAL_AND": (_integers("{0} & {1}", last=1, T="bool"),),
    "LOGICAL_OR": (_integers("{0} | {1}", last=1, T="bool"),),
    "LOGICAL_NOT": (_integers("!{0}", last=1, T="bool"),),
    # Of one operand.
    "ABS": (_reals("fabs({0})", last=5, quantized="int8"), _integers("abs({0})", last=5, T="int32")),
    "NEG": (_reals("-{0}", last=1, quantized=""), _integers("-{0}", last=1, **_ONE_SCALE)),
    "SIGN": (  # of NaN NaN, and of a zero 0
        _reals("({0} > 0 ? ({F})(1) : {0} < 0 ? ({F})(-1) : {0} + ({F})(0))", last=2, quantized=""),
        _integers("({0} > 0) - ({0} < 0)", last=2, T="int32"),
    ),
    "CEIL": (_reals("ceil({0})", last=1, quantized=""),),
    "FLOOR": (_reals("floor({0})", last=1, quantized=""),),
    # Of two whole numbers the even one. What is rounded to zero is 0, of either sign; -0 itself stays.
    "ROUND": (_reals("({0} == 0 ? {0} : rint({0}) + ({F})(0))", last=1, quantized=""),),
    "EXP": (_reals("exp({0})", last=2, quantized="int8", half_rtol=1e-2),),
    "SIN": (_reals(_SINE, last=2, quantized="", half_rtol=1e-2),),
    "RSQRT": (_reals("rsqrt({0})", last=3, quantized="int8"),),
    "SQRT": (_reals("sqrt({0})", last=2, quantized="int8"),),
    "SQUARE": (_reals("{0} * {0}", last=1, quantized=""),),
    "ZEROS_LIKE": (_reals("({F})(0)", last=1, quantized=""), _integers("0", last=1)),  # zeros_like.cc
    # Activations; of NaN NaN.
    "RELU": (_reals("({0} < 0 ? ({F})(0) : {0})", last=3),),
    "RELU6": (_reals("({0} < 0 ? ({F})(0) : {0} > 6 ? ({F})(6) : {0})", last=3),),
    "RELU_0_TO_1": (_reals("({0} < 0 ? ({F})(0) : {0} > 1 ? ({F})(1) : {0})", last=1),),
    "RELU_N1_TO_1": (_reals("({0} < -1 ? ({F})(-1) : {0} > 1 ? ({F})(1) : {0})", last=1),),
    "PRELU": (_reals("({0} < 0 ? {0} * {1} : {0})", last=1, constraints=[broadcast_alpha]),),
    "LOGISTIC": (_reals("({F})(1) / (({F})(1) + EXP(-{0}))", last=3, **_UNIT),),
    "TANH": (_reals("tanh({0})", last=3),),
    "HARD_SWISH": (
        _reals(f"{{0}} * {_GATE} * {literal(1 / 6)}", last=1, quantized_constraints=[hard_swish_scales]),
    ),
    # Over axes. Sums and products are of many numbers; extremes pass over NaN; the mean of none is NaN.
    "SUM": (
        _reduced(Reduction("0", "{0} + {1}"), last=2, rtol=2e-5, quantized_constraints=[something_to_add]),
        _reduced_integers("0", "{0} + {1}", last=2),
    ),
    "MEAN": (
        _reduced(
            Reduction("0", "{0} + {1}", is_mean=True),
            last=3,
            rtol=2e-5,
            quantized_constraints=[something_to_add],
        ),
    ),
    "REDUCE_PROD": (
        _reduced(
            Reduction("1", "{0} * {1}", scaled_first=True), last=2, rtol=1e-5, half_rtol=2e-2, quantized=""
        ),
        _reduced_integers("1", "{0} * {1}", last=2),
    ),
    "REDUCE_MAX": (
        _reduced(Reduction("-FLT_MAX", "({1} > {0} ? {1} : {0})", first_zero=True), last=3, **_ALIKE),
        _reduced_integers(None, "max({0}, {1})", last=3, T="int32 int64 bool"),
    ),
    "REDUCE_MIN": (
        _reduced(Reduction("FLT_MAX", "({1} < {0} ? {1} : {0})", first_zero=True), last=3, **_ALIKE),
        _reduced_integers(None, "min({0}, {1})", last=3, T="int32 int64 bool"),
    ),
    "REDUCE_ALL": (_reduced_integers("1", "{0} & {1}", last=1, T="bool"),),  # reduce.cc (EvalLogic)
    "REDUCE_ANY": (_reduced_integers("0", "{0} | {1}", last=1, T="bool"),),
    "ARG_MAX": (_place_of(">", "-"),),  # arg_min_max.cc; the first of several
    "ARG_MIN": (_place_of("<", ""),),
    # Over windows of an image (Pooling2DOperationParser; pooling.cc); padding does not count.
    "AVERAGE_POOL_2D": (_pooled("0", "(v) + (a)", "(float)(n)", "scale / (float)(n)"),),
    "MAX_POOL_2D": (_pooled("-FLT_MAX", "((v) < (a) ? (a) : (v))", "1", "scale"),),
    # The same values in another shape.
    "RESHAPE": (_unmoved("T int32? -> T", last=1),),
    "SQUEEZE": (_unmoved("T -> T", last=2),),  # squeeze.cc
    "EXPAND_DIMS": (_unmoved("T int32|int64 -> T", last=1),),  # expand_dims.cc
}
