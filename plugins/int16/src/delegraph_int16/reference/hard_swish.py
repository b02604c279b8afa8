"""HARD_SWISH: x * min(max(x + 3, 0), 6) / 6 on int16, rounded once.

Defined in docs/int16.md; LiteRT lacks it.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ._rounded import by_function
from ._rules import one_scale_each, symmetric


def hard_swish(x: np.ndarray) -> np.ndarray:
    return np.asarray(x * (x + 3).clip(0, 6) / 6)


SUPPORT = [
    OpSupport("HARD_SWISH", (1, 1), "int16 -> int16", (symmetric, one_scale_each), by_function(hard_swish))
]
