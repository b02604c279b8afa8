"""FLOOR_DIV: the floored quotient of stored int16 values. Scales have no say.

Source: tflite/kernels/floor_div.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("FLOOR_DIV", "int8 int8 -> int8")]
