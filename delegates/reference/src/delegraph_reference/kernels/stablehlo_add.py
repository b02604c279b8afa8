"""STABLEHLO_ADD: the elementwise sum. Integers wrap; booleans: whether one of the two holds.

Source: tflite/kernels/stablehlo_add.cc.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import NUMBERS, stablehlo_rows

SUPPORT = stablehlo_rows("STABLEHLO_ADD", np.add, NUMBERS)
