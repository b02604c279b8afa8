"""Real values as a tensor stores them, and back: real = scale * (stored - zero_point).

Source: tflite/kernels/internal/reference/quantize.h (AffineQuantize), dequantize.h.
"""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..model import DTYPES, Tensor
from .fixedpoint import round_half_away


def stored_from_real(real: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return real values as the tensor stores them: quantized, halves away from zero, saturated.

    An integer tensor without a scale stores the rounded values.

    :raises InputError: the tensor's type stores no numbers that can be written so (strings, bfloat16
        bits), or a value is NaN.
    """
    dtype = DTYPES[tensor.dtype].numpy
    if dtype.kind in "fc":
        return real.astype(dtype)
    low, high = stored_limits(tensor)
    steps = real.astype(np.float32)
    if is_quantized(tensor):
        scale, zero_point = _parameters(tensor, real.ndim)
        steps = round_half_away(steps / scale) + zero_point
    else:
        steps = round_half_away(steps)
    if np.isnan(steps).any():
        raise InputError(
            f"tensor {tensor.name!r} is {tensor.dtype}: it cannot store what is not a number (NaN)"
        )
    return np.clip(steps.astype(np.float64), low, high).astype(dtype)


def real_from_stored(stored: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return the real values of a quantized tensor as float32; any other tensor's values as they are."""
    if not is_quantized(tensor):
        return stored
    scale, zero_point = _parameters(tensor, stored.ndim)
    return ((stored.astype(np.float64) - zero_point) * scale).astype(np.float32)  # type: ignore[no-any-return]


def is_quantized(tensor: Tensor) -> bool:
    """Say whether the tensor stores integers that stand for real values."""
    q = tensor.quantization
    return DTYPES[tensor.dtype].is_integer and q is not None and len(q.scale) > 0 and bool(q.scale.all())


def stored_limits(tensor: Tensor) -> tuple[int, int]:
    """Return the lowest and highest integer that the tensor stores."""
    dtype = DTYPES[tensor.dtype]
    if not dtype.is_integer:
        raise InputError(
            f"tensor {tensor.name!r} is {tensor.dtype}: real values cannot be converted to it; give an "
            f"array of {dtype.numpy} with the stored values"
        )
    return dtype.limits


def _parameters(tensor: Tensor, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and zero point, shaped to broadcast along the quantized axis."""
    q = tensor.quantization
    assert q is not None
    zero_point = q.zero_point if len(q.zero_point) else np.zeros(1, np.int64)
    shape = [1] * rank
    if q.is_per_axis and q.axis < rank:
        shape[q.axis] = -1
    else:
        return q.scale[:1].astype(np.float32), zero_point[:1]
    return q.scale.reshape(shape), zero_point.reshape(shape) if len(zero_point) > 1 else zero_point
