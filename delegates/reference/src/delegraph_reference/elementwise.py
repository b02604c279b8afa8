"""What elementwise kernels share: formulas on whole arrays, fused activations, what LiteRT needs of an op.

::

    OpSupport("FLOOR", (1, 1), "T -> T", T="float32 float16", kernel=by_formula(np.floor))
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from delegraph import (
    DTYPES,
    Constraint,
    InputError,
    Op,
    Tensor,
    float_range,
    fused_activation,
    needs,
    shape_text,
)  # fmt: skip
from delegraph.rules import operand

from . import bfloat16
from .kernel import Kernel, Prepare
from .quiet import is_quiet

Formula = Callable[..., Any]
EIGHT_BIT = ("int8", "uint8")
# The types whose elements LiteRT moves as bytes without a look at what they stand for.
WHOLE_BYTES = (
    "float32 float16 bfloat16 float64 float8_e4m3fn float8_e5m2 int8 uint8 int16 uint16 int32 uint32 int64 "
    "uint64 bool complex64"
)


def by_formula(formula: Formula, *, widen: bool = True) -> Prepare:
    """Return the prepare function of an op that is one formula on arrays, which numpy broadcasts.

    A fused activation, where the op has one, follows.

    :param formula: a function of the op's input arrays.
    :param widen: give it float32 arrays in place of float16 and bfloat16 ones, and round what it returns.
    """

    def prepare(op: Op) -> Kernel:
        compute = _widening(formula, operand(op, 0).dtype) if widen else formula
        activate = activation(op)
        if activate is _unchanged:
            return quietly(lambda *arrays: (np.asarray(compute(*arrays)),))

        @quietly
        def run(*arrays: np.ndarray) -> tuple[np.ndarray]:
            return (activate(np.asarray(compute(*arrays))),)

        return run

    return prepare


def quietly(run: Kernel) -> Kernel:
    """Keep numpy's warnings of overflow, division by zero and NaN from the caller: results show them."""

    @wraps(run)
    def without_warnings(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        if is_quiet.get():
            return run(*arrays)
        with np.errstate(all="ignore"):
            return run(*arrays)

    return without_warnings


def activation(op: Op) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that applies the op's fused activation to a fresh array, in place.

    As in LiteRT, floats end up finite even without one: infinities become the type's largest values.
    """
    if "fused_activation_function" not in op.options:
        return _unchanged
    dtype = DTYPES[op.outputs[0].dtype].numpy
    if dtype.kind == "f":
        return keeping_within(*finite_range(op))
    if fused_activation(op) == "NONE" or dtype.kind == "c":
        return _unchanged
    info, (low, high) = np.iinfo(dtype), float_range(op)
    limits = dtype.type(max(low, info.min)), dtype.type(min(high, info.max))
    return lambda x: np.clip(x, *limits, out=x)


def finite_range(op: Op) -> tuple[Any, Any]:
    """Return the bounds of the op's fused activation in the output's float type: its limits without one."""
    kind = DTYPES[op.outputs[0].dtype].numpy.type
    limits, (low, high) = np.finfo(kind), float_range(op)
    return kind(max(low, limits.min)), kind(min(high, limits.max))


def keeping_within(low: Any, high: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that limits a fresh array of floats as ``kept_within`` does, in place."""
    if low == -_LARGEST and high == _LARGEST:
        return _kept_finite
    return lambda x: kept_within(x, low, high, out=x)


def _kept_finite(x: np.ndarray) -> np.ndarray:
    if np.vdot(x, x) < _LARGEST:  # float32 far from the limits: squares add up in half a clip's time
        return x
    return kept_within(x, -_LARGEST, _LARGEST, out=x)


def kept_within(x: np.ndarray, low: Any, high: Any, out: np.ndarray | None = None) -> np.ndarray:
    """Return floats within bounds, as std::max and std::min give them: NaN stays, and -0.0 at a bound of 0.

    :param out: an array for the result, which may be x
    """
    if _CLIP_KEEPS_ZEROS or (low != 0 and high != 0):
        return np.clip(x, low, high, out=out)
    negative = (x == 0) & np.signbit(x)
    y: np.ndarray = np.clip(x, low, high, out=out)
    y[negative] = -0.0
    return y


def some_negative_zero(x: np.ndarray) -> bool:
    """Say whether float32 values have a -0.0 among them: else no sign of a zero is in doubt."""
    return x.dtype == np.float32 and bool((x.view(np.int32) == np.iinfo(np.int32).min).any())


def split_at_zero(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return max(x, 0) and min(x, 0), fresh: functions of two pieces add up from them, without branches."""
    zero, infinity = x.dtype.type(0), x.dtype.type(np.inf)
    return np.asarray(np.clip(x, zero, infinity)), np.asarray(np.clip(x, -infinity, zero))


def to_int32(real: np.ndarray) -> np.ndarray:
    """Return floats cut to integers of int32's range, as int64; its smallest in place of what does not fit.

    So x86-64 converts where C++ leaves the result open, and LiteRT does not look, NaN included.
    """
    fits = np.abs(real) < 2.0**31
    return np.asarray(np.where(fits, real, -(2.0**31))).astype(np.int64)


def per_axis(tensor: Tensor, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a tensor's scales and zero points as float32, shaped to broadcast against its values."""
    quantization = tensor.quantization
    assert quantization is not None
    shape: list[int] = []
    if quantization.is_per_axis:
        shape = [1] * rank
        shape[quantization.axis] = -1
    scales, zero_points = quantization.scale, quantization.zero_point
    if len(zero_points) != len(scales):  # none, or one for all
        zero_points = np.full(len(scales), tensor.zero_point)
    return scales.astype(np.float32).reshape(shape), zero_points.astype(np.float32).reshape(shape)


def check_scales(shape: tuple[int, ...], scale: np.ndarray) -> None:
    """Refuse values whose size along the axis of the scales is another than the file says.

    :raises InputError: it says how many scales there are
    """
    if any(n not in (1, size) for n, size in zip(scale.shape, shape, strict=False)):
        raise InputError(f"has {scale.size} scales, which do not fit shape {shape_text(shape)}")


def finite(factor_of: Callable[[Op], float]) -> Constraint:
    """Return the constraint that a factor made of an op's scales is finite."""

    @needs("scales whose rescaling factor is finite")
    def finite_factor(op: Op) -> str | None:
        with np.errstate(all="ignore"):
            factor = factor_of(op)
        return None if math.isfinite(factor) else f"a factor of {factor:.3g}"

    return finite_factor


def scale_ratio(op: Op) -> float:
    """Return the input's scale in units of the output's, divided in float32 as LiteRT does."""
    with np.errstate(all="ignore"):
        return float(np.float32(operand(op, 0).scale) / np.float32(op.outputs[0].scale))


def _widening(formula: Formula, dtype: str) -> Formula:
    """Return the formula for arrays of this type as they are stored: half precision computes in float32."""
    if dtype not in ("float16", "bfloat16"):
        return formula
    half = dtype == "float16"

    def compute(*arrays: np.ndarray) -> np.ndarray:
        y = formula(*(a.astype(np.float32) if half else bfloat16.widen(a) for a in arrays))
        if y.dtype == bool:
            return y  # type: ignore[no-any-return]
        return y.astype(np.float16) if half else bfloat16.narrow(y)

    return compute


def _unchanged(x: np.ndarray) -> np.ndarray:
    return x


_LARGEST = np.finfo(np.float32).max
_CLIP_KEEPS_ZEROS = bool(np.signbit(np.clip(np.full(1, -0.0), 0, 1))[0])  # numpy 1 does not
