"""The arithmetic that kernels share: fixed point, activation ranges, padding, quantizing and back."""

from __future__ import annotations

from .activation_range import float_range, fused_activation, stored_range, stored_value
from .fixedpoint import quantize_multiplier, quantize_multipliers, rescale, round_half_away
from .padding import Window, window
from .quantize import is_quantized, real_from_stored, stored_from_real, stored_limits

__all__ = [
    "Window",
    "float_range",
    "fused_activation",
    "is_quantized",
    "quantize_multiplier",
    "quantize_multipliers",
    "real_from_stored",
    "rescale",
    "round_half_away",
    "stored_from_real",
    "stored_limits",
    "stored_range",
    "stored_value",
    "window",
]
