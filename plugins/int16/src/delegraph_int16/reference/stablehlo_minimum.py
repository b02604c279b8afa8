"""STABLEHLO_MINIMUM: the smaller of two int16 operands.

Source: tflite/kernels/stablehlo_minimum.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("STABLEHLO_MINIMUM", "int8 int8 -> int8")]
