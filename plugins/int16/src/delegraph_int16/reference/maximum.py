"""MAXIMUM: the larger of two int16 operands, compared as stored.

Source: tflite/kernels/maximum_minimum.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("MAXIMUM", "int8 int8 -> int8")]
