"""Float activations times integer weights: activations are quantized to int8 while the model runs.

Source: tflite/kernels/internal/optimized/neon_tensor_utils.cc (NeonSymmetricQuantizeFloats,
NeonAsymmetricQuantizeFloats), which x86-64 runs, too; it rounds otherwise than the portable code.
"""

from __future__ import annotations

from math import prod

import numpy as np
from delegraph import round_half_away

LARGEST = 255  # magnitude of a quantized value less its zero point
_LANES = 8  # values that LiteRT quantizes at once
_TINY = np.float32(1e-36)  # a row of smaller values counts as zeros: its scale's inverse is infinite


def quantized_rows(x: np.ndarray, asymmetric: bool) -> tuple[np.ndarray, np.ndarray]:
    """Quantize each row of x (rows, n), float32.

    Symmetric: to [-127, 127], by the row's largest magnitude. Asymmetric: to [-128, 127], by its range with
    0, which is a whole step. Returns the values less their zero points, whole numbers as float32, and each
    row's scale, float32 (rows,).

    An infinity makes the scale infinite, and becomes the least value itself (asymmetric: 0 among those left
    over from groups of 8). A NaN makes the scale NaN; in LiteRT that depends on where in the row it stands.
    """
    low, high = x.min(axis=1, initial=0), x.max(axis=1, initial=0)
    return _asymmetric(x, low, high) if asymmetric else _symmetric(x, np.maximum(-low, high))


def in_rows(x: np.ndarray, count: int) -> np.ndarray:
    """Return an array as so many rows, which may be none: numpy finds no length for those."""
    return x.reshape(count, x.size // count if count else prod(x.shape[1:]))


def signed(stored: np.ndarray) -> np.ndarray:
    """Return integer weights as TFLite's hybrid kernels read them: uint8 holds the bits of int8."""
    return stored.view(np.int8) if stored.dtype == np.uint8 else stored


def _symmetric(x: np.ndarray, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    some = np.where(reach < _TINY, np.float32(127), reach)  # nothing but zeros: any scale will do
    values = _rounded(x, np.float32(127) / some)
    np.fmax(values, -127, out=values)  # NaN: infinity times the inverse of an infinite scale
    return np.minimum(values, 127, out=values), some / np.float32(127)


def _asymmetric(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    spread = (high - low).astype(np.float64)  # a difference in float32
    step = np.where(spread < _TINY, 1.0, spread / 255)
    zero_point = _zero_point(low / step, high / step).astype(np.float32)[:, None]
    scale = step.astype(np.float32)
    values = _rounded(x, np.float32(1) / scale)
    left_over = values[:, x.shape[1] // _LANES * _LANES :]
    np.copyto(left_over, -zero_point, where=np.isnan(left_over))
    np.fmax(values, -128 - zero_point, out=values)
    return np.minimum(values, 127 - zero_point, out=values), scale


def _zero_point(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the whole step that 0 becomes, from the end of the range where less is rounded off."""
    nearer = np.where(128 + np.abs(low) < 127 + np.abs(high), -128 - low, 127 - high)
    return np.asarray(
        np.nan_to_num(round_half_away(nearer.clip(-128, 127)))
    )  # NaN: the range's end is infinite


def _rounded(x: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return x times its row's factor in whole steps, as TFLite rounds: it adds 0.5 and truncates."""
    steps = x * factors[:, None]
    steps += np.copysign(np.float32(0.5), steps)
    return np.asarray(np.trunc(steps, out=steps))
