"""STABLEHLO_ADD: the elementwise sum of int16 values; it wraps.

Source: tflite/kernels/stablehlo_add.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("STABLEHLO_ADD", "int8 int8 -> int8")]
