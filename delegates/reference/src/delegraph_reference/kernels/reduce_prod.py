"""REDUCE_PROD: the product over axes.

Source: tflite/kernels/reduce.cc (EvalProd, GetQuantProdScaling), internal/reference/reduce.h
(QuantizedReduceProd), internal/common.cc (MultiplyByQuantizedMultiplier of int64).
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, needs, quantize_multiplier, shape_text
from delegraph.rules import operand, scales_found, scales_of

from ..kernel import Kernel
from ._reduce import Axes, count_of, prepare_reduction, quantized


def prepare(op: Op) -> Kernel:
    """float32, multiplied in float64; integers wrap; of bools, whether all are true."""
    wide = {"float32": np.float64}.get(op.outputs[0].dtype)

    def product(x: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
        return np.asarray(x.prod(axes, wide or x.dtype, keepdims=keep_dims))

    return prepare_reduction(op, product)


def prepare_quantized(op: Op) -> Kernel:
    """int8: factors in the order of memory, scaled after each so that 32 bits hold the product.

    With n factors the scale of a step is scale_in / scale_out ** (1 / n); the last product is scaled, too.
    """
    x, out = op.inputs[0], op.outputs[0]
    assert x is not None
    scale, zero_point = x.scale, x.zero_point
    info = np.iinfo(out.dtype)

    def product(stored: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
        count = count_of(stored.shape, axes)
        step = quantize_multiplier(scale / out.scale ** (1 / count))
        factors = _factors(stored.astype(np.int64) - zero_point, axes, keep_dims)
        found = factors[0]
        for factor in factors[1:]:
            found = _rescale_wide(found * factor, *step)
        stored = _rescale_wide(found, *step) + out.zero_point
        return np.asarray(np.clip(stored, info.min, info.max))

    return prepare_reduction(op, product)


def _factors(x: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
    """Return x as (factors, *output): the reduced axes together in front."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    sizes = [1 if axis in axes else d for axis, d in enumerate(x.shape) if keep_dims or axis in kept]
    return np.asarray(x.transpose(*axes, *kept).reshape(count_of(x.shape, axes), *sizes))


def _rescale_wide(x: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    """Return x * multiplier * 2**(shift - 31) with a 15-bit multiplier and one rounding, as an int32."""
    reduced = (multiplier + (1 << 15)) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
    right = 15 - shift
    if right <= 0:
        raise InputError(f"needs scales whose rescaling factor is below 2**14, found 2**{shift - 1}")
    scaled = (x * reduced + (1 << (right - 1))) >> right
    return np.asarray(scaled.astype(np.int32).astype(np.int64))


@needs("values to multiply, and a scale on input and output")
def quantized_factors(op: Op) -> str | None:
    x = operand(op, 0)
    return f"shape {shape_text(x.shape)}" if 0 in (x.shape or ()) else quantized.found(op)


@needs("operands without a scale")
def unquantized(op: Op) -> str | None:
    found = (t for t in (operand(op, 0), op.outputs[0]) if len(scales_of(t)))
    return next((f"{scales_found(t)} on {t.name!r}" for t in found), None)


SUPPORT = [
    OpSupport("REDUCE_PROD", (1, 2), "T int32 -> T", T="float32 int32 int64 bool", kernel=prepare),
    OpSupport(
        "REDUCE_PROD",
        (1, 2),
        "int8 int32 -> int8",
        constraints=(quantized_factors,),
        kernel=prepare_quantized,
    ),
    OpSupport(
        "REDUCE_PROD", (1, 2), "T int32 -> T", T="int8 uint8", constraints=(unquantized,), kernel=prepare
    ),
]
