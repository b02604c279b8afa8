"""LESS: whether an int16 operand is below another, as stored: LiteRT looks at no scale here.

Source: tflite/kernels/comparisons.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("LESS", "int32 int32 -> bool", of="int32")]
