"""RIGHT_SHIFT: int16 values shifted right by so many bits, with their sign.

Source: tflite/kernels/right_shift.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("RIGHT_SHIFT", "int8 int8 -> int8")]
