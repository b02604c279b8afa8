"""STABLEHLO_AND: the bits that are set in both int16 operands.

Source: tflite/kernels/stablehlo_and.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("STABLEHLO_AND", "int8 int8 -> int8")]
