"""FAKE_QUANT: real values moved to the nearest that ``num_bits`` bits between min and max could store.

Source: tflite/kernels/fake_quant.cc, internal/quantization_util.cc (NudgeQuantizationRange).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, round_half_away
from delegraph.rules import proper_range

from ..elementwise import quietly
from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    low, high, scale = nudged_range(op)
    per_step = np.float32(1) / scale

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        steps = np.asarray(np.fmin(np.fmax(x, low), high) - low)
        steps *= per_step
        y = np.asarray(round_half_away(steps))
        y *= scale
        y += low
        return (y,)

    return run


def nudged_range(op: Op) -> tuple[np.float32, np.float32, np.float32]:
    """Return the real range, moved so that 0 is a whole number of steps from its ends, and the step."""
    low, high = np.float32(op.options.min), np.float32(op.options.max)
    most = np.float32((1 << op.options.num_bits) - 1)
    scale = (high - low) / most
    zero_point = np.clip(round_half_away(np.asarray(-low / scale)), np.float32(0), most)
    return -zero_point * scale, (most - zero_point) * scale, scale


SUPPORT = [OpSupport("FAKE_QUANT", (1, 2), "float32 -> float32", (proper_range,), prepare)]
