"""STABLEHLO_MULTIPLY: the elementwise product of int16 values; it wraps.

Source: tflite/kernels/stablehlo_multiply.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("STABLEHLO_MULTIPLY", "int8 int8 -> int8")]
