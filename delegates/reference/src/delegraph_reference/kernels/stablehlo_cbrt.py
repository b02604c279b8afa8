"""STABLEHLO_CBRT: the cube root.

Source: StableHLO's specification of cbrt; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import REALS, rounded_once, stablehlo_unary_rows

SUPPORT = stablehlo_unary_rows("STABLEHLO_CBRT", rounded_once(np.cbrt), REALS)
