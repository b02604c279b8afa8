"""QUANTIZE: real values to stored ones, or stored values to another scale, zero point or type.

From float32: x / scale in float32, halves away from zero, per tensor or per channel. From integers:
rescaled with two roundings.

Source: tflite/kernels/quantize.cc, internal/reference/{quantize,requantize}.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import DTYPES, Constraint, Op, OpSupport, needs, quantize_multiplier
from delegraph.rules import axis_scales_found, operand, scaled, scales_found

from ..elementwise import check_scales, per_axis, quietly, to_int32
from ..gemmlowp import rescale_anywhere, wrapped
from ..kernel import Kernel, Prepare
from ..lut import Formula, by_value, within


def prepare_float(op: Op) -> Kernel:
    x, out = operand(op, 0), op.outputs[0]
    scale, zero_point = per_axis(out, len(x.shape or ()))
    low, high = DTYPES[out.dtype].limits
    first, last = low - zero_point, high - zero_point
    whole_zero_point = zero_point.astype(np.int32)
    dtype = DTYPES[out.dtype].numpy

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        check_scales(x.shape, scale)
        steps = np.asarray(x / scale)
        _add_half(steps)
        if steps.size and not (steps.min() >= -(2.0**31) and steps.max() < 2.0**31):  # or there is a NaN
            stored = wrapped(to_int32(steps) + whole_zero_point)
            return (np.clip(stored, low, high).astype(dtype),)
        np.clip(steps, first, last, out=steps)
        stored = steps.astype(np.int32)
        stored += whole_zero_point
        return (stored.astype(dtype),)

    return run


def from_stored(op: Op) -> Formula:
    x, out = operand(op, 0), op.outputs[0]
    multiplier, shift = quantize_multiplier(x.scale / out.scale)

    def formula(q: np.ndarray) -> np.ndarray:
        stored = rescale_anywhere(q - x.zero_point, multiplier, shift, out.zero_point)
        return within(stored, DTYPES[out.dtype].limits)

    return formula


def prepare_integers(op: Op) -> Kernel:
    formula = from_stored(op)
    dtype = DTYPES[op.outputs[0].dtype].numpy

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (np.asarray(formula(x.astype(np.int64)).astype(dtype)),)

    return run


def _add_half(x: np.ndarray) -> None:
    """Move float32 values half a unit away from zero: cut toward zero, they are then rounded.

    Not quite half, which would carry 0.49999997 up to 1. Bits take a fifth of np.copysign's time.
    """
    half = x.view(np.uint32) & np.uint32(1 << 31)
    half |= np.nextafter(np.float32(0.5), np.float32(0)).view(np.uint32)
    x += half.view(np.float32)


@needs("an output with scales")
def quantized_output(op: Op) -> str | None:
    return None if scaled(op.outputs[0]) else "none"


@needs("one scale and zero point on input and output")
def one_scale(op: Op) -> str | None:
    for tensor in (operand(op, 0), op.outputs[0]):
        if not scaled(tensor) or axis_scales_found(tensor):
            return f"{scales_found(tensor)} on {tensor.name!r}"
    return None


@needs("one scale on a 4-bit output")
def one_scale_at_four_bits(op: Op) -> str | None:
    return axis_scales_found(op.outputs[0])


@needs("zero points of 0 from int16 to int16")
def symmetric(op: Op) -> str | None:
    zero_points = operand(op, 0).zero_point, op.outputs[0].zero_point
    return None if zero_points == (0, 0) else f"{zero_points[0]} and {zero_points[1]}"


def _row(types: str, *constraints: Constraint, kernel: Prepare, A: str = "", B: str = "") -> OpSupport:
    return OpSupport("QUANTIZE", (1, 6), types, constraints, kernel, A=A, B=B)


SUPPORT = [
    _row("float32 -> B", quantized_output, kernel=prepare_float, B="int8 uint8 int16"),
    _row("float32 -> B", quantized_output, one_scale_at_four_bits, kernel=prepare_float, B="int4 uint4"),
    _row("A -> B", one_scale, kernel=by_value(from_stored), A="int8 uint8", B="int8 uint8 int16"),
    _row("int16 -> B", one_scale, kernel=by_value(from_stored), B="int8 int32"),
    _row("int16 -> int16", one_scale, symmetric, kernel=by_value(from_stored)),
    _row("int32 -> B", one_scale, kernel=prepare_integers, B="int8 int16"),
]
