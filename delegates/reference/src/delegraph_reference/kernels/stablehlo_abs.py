"""STABLEHLO_ABS: the absolute value. The smallest integer stays as it is.

Source: StableHLO's specification of abs; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import SIGNED, stablehlo_unary_rows

SUPPORT = stablehlo_unary_rows("STABLEHLO_ABS", np.abs, SIGNED)
