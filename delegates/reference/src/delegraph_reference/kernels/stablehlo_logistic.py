"""STABLEHLO_LOGISTIC: 1 / (1 + exp(-x)).

Source: StableHLO's specification of logistic; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import REALS, rounded_once, stablehlo_unary_rows

SUPPORT = stablehlo_unary_rows("STABLEHLO_LOGISTIC", rounded_once(lambda x: 1 / (1 + np.exp(-x))), REALS)
