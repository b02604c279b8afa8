"""STABLEHLO_TANH: the hyperbolic tangent.

Source: StableHLO's specification of tanh; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import REALS, rounded_once, stablehlo_unary_rows

SUPPORT = stablehlo_unary_rows("STABLEHLO_TANH", rounded_once(np.tanh), REALS)
