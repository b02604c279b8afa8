"""ELU: x where it is not negative, else exp(x) - 1, on int16, rounded once.

Defined in docs/int16.md; LiteRT lacks it.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ._rounded import by_function
from ._rules import one_scale_each, symmetric


def elu(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0, np.expm1(np.minimum(x, 0)), x)


SUPPORT = [OpSupport("ELU", (1, 1), "int16 -> int16", (symmetric, one_scale_each), by_function(elu))]
