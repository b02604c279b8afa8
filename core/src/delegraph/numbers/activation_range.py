"""The range that a fused activation leaves, in real and in stored numbers.

Source: tflite/kernels/kernel_util.cc (CalculateActivationRangeQuantized), kernel_util.h
(CalculateActivationRange).
"""

from __future__ import annotations

import math

import numpy as np

from ..model import Op, Tensor

_REAL = {
    "NONE": (-math.inf, math.inf),
    "RELU": (0.0, math.inf),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
}


def fused_activation(op: Op) -> str:
    """Return the name of the op's fused activation, "NONE" where its options have no such field."""
    return str(op.options.get("fused_activation_function", "NONE"))


def float_range(op: Op) -> tuple[float, float]:
    """Return the lowest and highest real value the fused activation lets through."""
    return _REAL[fused_activation(op)]


def stored_range(op: Op, tensor: Tensor | None = None) -> tuple[int, int]:
    """Return the activation's bounds as stored integers of ``tensor`` (the op's first output).

    The bounds lie inside the range of the tensor's dtype.
    """
    t = tensor or op.outputs[0]
    info = np.iinfo(t.dtype)
    low, high = (stored_value(real, t) for real in float_range(op))
    return (
        info.min if low is None else max(info.min, low),
        info.max if high is None else min(info.max, high),
    )


def stored_value(real: float, tensor: Tensor) -> int | None:
    """Return ``real`` in the tensor's quantization, halves away from zero; None for an infinite one."""
    if math.isinf(real):
        return None
    steps = float(np.float32(real) / np.float32(tensor.scale))  # LiteRT divides in float32
    return tensor.zero_point + int(math.copysign(math.floor(abs(steps) + 0.5), steps))
