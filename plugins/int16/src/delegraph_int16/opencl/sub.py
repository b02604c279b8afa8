"""SUB: elementwise difference of two broadcast int16 operands, and a fused activation."""

from __future__ import annotations

from ..reference import sub
from ._claims import as_numpy, scaled
from ._pairs import by_pair
from ._rescaled_sum import rescaled_sum

SUPPORT = as_numpy(scaled(sub.SUPPORT), by_pair(rescaled_sum("-")))
