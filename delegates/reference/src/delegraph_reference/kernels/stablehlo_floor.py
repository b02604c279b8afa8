"""STABLEHLO_FLOOR: the largest whole number that is not above x.

Source: StableHLO's specification of floor; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import REALS, stablehlo_unary_rows

SUPPORT = stablehlo_unary_rows("STABLEHLO_FLOOR", np.floor, REALS)
