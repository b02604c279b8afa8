"""STABLEHLO_SUBTRACT: the elementwise difference. Integers wrap.

Source: StableHLO's specification of subtract; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import SIGNED, stablehlo_rows

SUPPORT = stablehlo_rows("STABLEHLO_SUBTRACT", np.subtract, f"{SIGNED} uint8 uint16 uint32 uint64")
