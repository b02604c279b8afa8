"""STABLEHLO_COSINE: the cosine.

Source: StableHLO's specification of cosine; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import REALS, rounded_once, stablehlo_unary_rows

SUPPORT = stablehlo_unary_rows("STABLEHLO_COSINE", rounded_once(np.cos), REALS)
