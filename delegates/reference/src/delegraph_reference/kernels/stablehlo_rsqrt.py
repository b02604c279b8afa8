"""STABLEHLO_RSQRT: 1 / sqrt(x).

Source: StableHLO's specification of rsqrt; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import REALS, rounded_once, stablehlo_unary_rows

SUPPORT = stablehlo_unary_rows("STABLEHLO_RSQRT", rounded_once(lambda x: 1 / np.sqrt(x)), REALS)
