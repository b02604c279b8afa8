"""STABLEHLO_MULTIPLY: the elementwise product. Integers wrap; booleans: whether both hold.

Source: tflite/kernels/stablehlo_multiply.cc.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import NUMBERS, stablehlo_rows

SUPPORT = stablehlo_rows("STABLEHLO_MULTIPLY", np.multiply, NUMBERS)
