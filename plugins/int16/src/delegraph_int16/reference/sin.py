"""SIN: the sine of x, in radians, on int16, rounded once.

Defined in docs/int16.md; LiteRT lacks it.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ._rounded import by_function
from ._rules import one_scale_each, symmetric

SUPPORT = [OpSupport("SIN", (1, 2), "int16 -> int16", (symmetric, one_scale_each), by_function(np.sin))]
