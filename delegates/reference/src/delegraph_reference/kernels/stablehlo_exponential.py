"""STABLEHLO_EXPONENTIAL: e to the power of x.

Source: StableHLO's specification of exponential; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import REALS, rounded_once, stablehlo_unary_rows

SUPPORT = stablehlo_unary_rows("STABLEHLO_EXPONENTIAL", rounded_once(np.exp), REALS)
