"""STABLEHLO_OR: the bits that one of two integers has; booleans: whether one of the two holds.

Source: StableHLO's specification of or; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import INTEGERS, stablehlo_rows

SUPPORT = stablehlo_rows("STABLEHLO_OR", np.bitwise_or, INTEGERS)
