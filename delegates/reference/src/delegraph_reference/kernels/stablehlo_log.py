"""STABLEHLO_LOG: the natural logarithm.

Source: StableHLO's specification of log; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import REALS, rounded_once, stablehlo_unary_rows

SUPPORT = stablehlo_unary_rows("STABLEHLO_LOG", rounded_once(np.log), REALS)
