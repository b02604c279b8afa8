"""STABLEHLO_SHIFT_LEFT: x shifted left by y bits.

Numbers of bits below 0 or beyond the type's give 0; LiteRT leaves them undefined.

Source: tflite/kernels/stablehlo_shift_left.cc.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import stablehlo_rows

SUPPORT = stablehlo_rows("STABLEHLO_SHIFT_LEFT", np.left_shift, "int8 int32")
