"""Real numbers as integers: weights symmetric and per channel, activations by their range.

real = scale (stored - zero point)
"""

from __future__ import annotations

import numpy as np
from delegraph import DTYPES, Quantization

TINY = float(np.float32(2.0**-100))  # the smallest scale: products of two stay normal numbers
_FEW = 64  # values of weights that are shared, as of clusters
_USES = 4  # of each of them, at the least
_OFF = 0.03  # of a channel's weights, as root mean squares, that one scale for all may round away


def quantized_weights(
    values: np.ndarray, axis: int | None, dtype: str = "int8", least: np.ndarray | float = 0.0
) -> tuple[np.ndarray, Quantization]:
    """Return weights as integers of zero point 0, the lowest of the type left out.

    int8 weights of a few values, as clusters leave them, have the same scale in each channel: equal ones
    stay equal in the whole tensor, which then compresses as the floats do.

    :param axis: of the channels, each with a scale of its own; None: one scale for all
    :param least: scales are at least so large
    """
    high = DTYPES[dtype].limits[1]
    others = None if axis is None else tuple(i for i in range(values.ndim) if i != axis)
    largest = np.abs(values).max(axis=others, initial=0.0).astype(np.float64).reshape(-1)
    if dtype == "int8" and _are_shared(values, axis):
        largest = np.full_like(largest, largest.max())
    # A channel of zeros is as fine as the finest of the others, for the sake of its bias.
    finest = largest[largest > 0].min(initial=np.inf) / high
    zeros = finest if np.isfinite(finest) else 1.0
    scale = np.maximum(np.where(largest > 0, largest / high, zeros), TINY)
    scale = np.maximum(scale, least).astype(np.float32)
    shape = [-1 if i == axis else 1 for i in range(values.ndim)]
    stored = np.rint(values / scale.astype(np.float64).reshape(shape))
    stored = np.clip(stored, -high, high).astype(np.int8)
    points = np.zeros(len(scale), np.int64)
    return stored, Quantization(scale, points, 0 if axis is None else axis)


def _are_shared(values: np.ndarray, axis: int | None) -> bool:
    """Tell whether weights are of a few values, and one scale of int8 holds each channel of them well."""
    most = min(_FEW, values.size // _USES)
    if most < 1 or len(np.unique(values.reshape(-1)[: 4 * _FEW])) > most:
        return False
    found, places = np.unique(values, return_inverse=True)
    if len(found) > most:
        return False
    places = places.reshape(values.shape)
    channels = places.reshape(1, -1) if axis is None else np.moveaxis(places, axis, 0)
    counts = np.stack([np.bincount(channel.reshape(-1), minlength=len(found)) for channel in channels])
    found = found.astype(np.float64)
    scale = max(float(np.abs(found).max()), TINY) / 127
    off = np.rint(found / scale) * scale - found
    return bool((counts @ np.square(off) <= _OFF**2 * (counts @ np.square(found))).all())


def quantized_blocks(values: np.ndarray, size: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (rows, depth) as integers, and a float16 scale for each block along the last axis."""
    high = DTYPES[dtype].limits[1]
    blocks = values.reshape(len(values), -1, size).astype(np.float64)
    largest = np.abs(blocks).max(axis=2, initial=0.0)
    scale = np.maximum(largest / high, 2.0**-14).astype(np.float16)  # the smallest normal number of float16
    stored = np.rint(blocks / scale.astype(np.float64)[..., None])
    return np.clip(stored, -high, high).astype(np.int8).reshape(values.shape), scale


def activation_quantization(low: float, high: float, dtype: str) -> Quantization:
    """Return the scale and the zero point of activations from ``low`` to ``high``, widened to hold 0.

    int16 is symmetric, of zero point 0; int8 and uint8 use all of their range.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    least, most = DTYPES[dtype].limits
    if low == high:  # zeros alone: as if they could be ones
        high = 1.0
    if dtype == "int16":
        return _one(max(-low, high) / most, 0)
    scale = (high - low) / (most - least)
    scale = float(np.float32(max(scale, TINY)))
    return _one(scale, int(np.clip(np.rint(least - low / scale), least, most)))


def fixed_quantization(scale: float, zero_point: int) -> Quantization:
    return _one(scale, zero_point)


def stored_numbers(values: np.ndarray, quantization: Quantization, dtype: str) -> np.ndarray:
    """Return real numbers as integers of one scale."""
    least, most = DTYPES[dtype].limits
    scale, point = float(quantization.scale[0]), int(quantization.zero_point[0])
    stored = np.rint(values.astype(np.float64) / scale) + point
    return np.asarray(np.clip(stored, least, most), DTYPES[dtype].numpy)


def _one(scale: float, zero_point: int) -> Quantization:
    return Quantization(np.array([max(scale, TINY)], np.float32), np.array([zero_point], np.int64))
