"""STABLEHLO_MAXIMUM: the larger of two int16 operands.

Source: tflite/kernels/stablehlo_maximum.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("STABLEHLO_MAXIMUM", "int8 int8 -> int8")]
