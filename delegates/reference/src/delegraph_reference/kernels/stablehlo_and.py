"""STABLEHLO_AND: the bits, or the truth, that two operands have in common.

Source: tflite/kernels/stablehlo_and.cc.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import INTEGERS, stablehlo_rows

SUPPORT = stablehlo_rows("STABLEHLO_AND", np.bitwise_and, INTEGERS)
