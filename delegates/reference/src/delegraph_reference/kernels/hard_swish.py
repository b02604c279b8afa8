"""HARD_SWISH: x * min(max(x + 3, 0), 6) / 6.

8 bits: 16-bit fixed point, as the op was trained with.

Source: tflite/kernels/activations.cc (HardSwishPrepare), internal/reference/hard_swish.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, quantize_multiplier
from delegraph.rules import hard_swish_scales, one_scale_each, operand

from ..elementwise import by_formula
from ..gemmlowp import rounding_shift_anywhere
from ..lut import Formula, by_value, clipped, within


def hard_swish(x: np.ndarray) -> np.ndarray:
    gate = np.asarray(x + np.float32(3))
    np.clip(gate, np.float32(0), np.float32(6), out=gate)
    gate *= x
    gate /= np.float32(6)
    return gate


def of_stored(op: Op) -> Formula:
    """Return the product of x, on a finer scale, and of a gate that rises from 0 at -3 to 1 at 3."""
    x, out = operand(op, 0), op.outputs[0]
    fine_scale = np.float32(x.scale) * np.float32(1 / 128)
    to_out, out_shift = _multiplier_16(fine_scale / np.float32(out.scale))
    to_gate, gate_shift = _multiplier_16(fine_scale / np.float32(3 / 32768))

    def formula(q: np.ndarray) -> np.ndarray:
        fine = (q - x.zero_point) << 7
        gate = _saturated(fine << gate_shift - 1) if gate_shift > 0 else fine
        gate = _high_mul_16(gate, to_gate)
        gate = _saturated(gate << 1) if gate_shift > 0 else _shift_right(gate, -gate_shift)
        gate = (gate + (1 << 15)) >> 1
        product = gate * _high_mul_16(fine, to_out)
        product = np.where(product < 0, -(-product >> 15), product >> 15)  # cut toward zero
        return clipped(_shift_right(product, -out_shift) + out.zero_point, out)

    return formula


def _multiplier_16(real: np.float32) -> tuple[int, int]:
    """Write a factor as a 16-bit multiplier and a shift (DownScaleInt32ToInt16Multiplier)."""
    multiplier, shift = quantize_multiplier(float(real))
    return min((multiplier + (1 << 15)) >> 16, 32767), shift


def _high_mul_16(a: np.ndarray, b: int) -> np.ndarray:
    return np.asarray(np.minimum((a * b + (1 << 14)) >> 15, 32767))


def _shift_right(x: np.ndarray, bits: int) -> np.ndarray:
    return rounding_shift_anywhere(x, bits, bits=16)


def _saturated(x: np.ndarray) -> np.ndarray:
    return within(x, (-32768, 32767))


SUPPORT = [
    OpSupport("HARD_SWISH", (1, 1), "float32 -> float32", kernel=by_formula(hard_swish)),
    OpSupport(
        "HARD_SWISH",
        (1, 1),
        "T -> T",
        (one_scale_each, hard_swish_scales),
        by_value(of_stored),
        T="int8 uint8",
    ),
]
