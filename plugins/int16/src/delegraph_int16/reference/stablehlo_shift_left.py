"""STABLEHLO_SHIFT_LEFT: int16 values shifted left by so many bits.

Source: tflite/kernels/stablehlo_shift_left.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("STABLEHLO_SHIFT_LEFT", "int8 int8 -> int8")]
