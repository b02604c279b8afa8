"""FLOOR_MOD: what a floored division of stored int16 values leaves. Scales have no say.

Source: tflite/kernels/floor_mod.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("FLOOR_MOD", "int8 int8 -> int8")]
