"""STABLEHLO_NEGATE: -x. Integers wrap.

Source: StableHLO's specification of negate; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import SIGNED, stablehlo_unary_rows

SUPPORT = stablehlo_unary_rows("STABLEHLO_NEGATE", np.negative, f"{SIGNED} uint8 uint32 uint64")
