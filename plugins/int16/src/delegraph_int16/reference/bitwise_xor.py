"""BITWISE_XOR: the bits in which two int16 operands differ.

Source: tflite/kernels/bitwise_xor.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("BITWISE_XOR", "int8 int8 -> int8")]
