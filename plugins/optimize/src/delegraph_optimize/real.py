"""The real numbers that a tensor's integers stand for."""

from __future__ import annotations

from math import prod

import attrs
import numpy as np
from delegraph import Blocks, Quantization, Tensor

_NUMBERS = frozenset(("int8", "uint8", "int16", "int32", "int64", "int4", "int2", "uint4"))


def real_values(tensor: Tensor) -> np.ndarray:
    """Return the real numbers that a constant stands for, as float32.

    real = scale (stored - zero point)
    """
    data, q = tensor.data, tensor.quantization
    assert data is not None
    if tensor.dtype == "bfloat16":
        return np.asarray((data.astype(np.uint32) << np.uint32(16)).view(np.float32))
    if tensor.dtype in ("float16", "float32"):
        return data.astype(np.float32)
    assert q is not None
    if q.blocks is not None:
        return _of_blocks(data, q.blocks.scales.data, q.blocks.size)
    points = q.zero_point if len(q.zero_point) else np.zeros(1, np.int64)
    if len(q.scale) == 1:
        return np.asarray((data.astype(np.float64) - points[0]) * np.float64(q.scale[0]), np.float32)
    shape = [-1 if i == q.axis else 1 for i in range(data.ndim)]
    scales, points = (
        q.scale.astype(np.float64).reshape(shape),
        points.reshape(shape) if len(points) > 1 else points,
    )
    return np.asarray((data.astype(np.float64) - points) * scales, np.float32)


def _of_blocks(data: np.ndarray, scales: np.ndarray | None, size: int) -> np.ndarray:
    assert scales is not None
    wide = np.repeat(scales.astype(np.float32).reshape(len(data), -1), size, axis=1)
    return np.asarray(data.reshape(len(data), -1) * wide, np.float32).reshape(data.shape)


def is_quantized(tensor: Tensor) -> bool:
    """Say whether a tensor's integers stand for real numbers."""
    q = tensor.quantization
    if tensor.dtype not in _NUMBERS or q is None:
        return False
    if q.blocks is not None:
        return _fit(tensor.data, q.blocks)
    return len(q.scale) > 0 and (tensor.data is None or _has_each(tensor.data, q))


def _has_each(data: np.ndarray, q: Quantization) -> bool:
    """Say whether constants have one scale, or one for each channel."""
    channels = data.shape[q.axis] if 0 <= q.axis < data.ndim else 1
    return len(q.scale) in (1, channels) and len(q.zero_point) in (0, 1, len(q.scale))


def _fit(data: np.ndarray | None, blocks: Blocks) -> bool:
    """Say whether constants have a scale for each block along their last axis, and no zero points."""
    scales, points, size = blocks.scales.data, blocks.zero_points, blocks.size
    if data is None or scales is None or not data.ndim or not data.size:
        return False
    if size < 1 or data.shape[-1] % size or blocks.axes is not None:
        return False
    if blocks.shape is not None and not prod(blocks.shape) == size == blocks.shape[-1]:
        return False
    has_zeros = points is None or (points.data is not None and not points.data.any())
    return has_zeros and scales.size * size == data.size


def real_array(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return the real numbers that a run's values of a tensor stand for; others as they are."""
    if values.dtype.kind not in "iu":
        return values
    stored = attrs.evolve(tensor, data=values)
    return real_values(stored) if is_quantized(stored) else values
