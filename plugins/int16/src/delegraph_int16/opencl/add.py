"""ADD: elementwise sum of two broadcast int16 operands, and a fused activation; without scales it wraps."""

from __future__ import annotations

from ..reference import add
from ._claims import as_numpy, scaled, wrapping
from ._pairs import by_pair, wrapped
from ._rescaled_sum import rescaled_sum

SUPPORT = [
    *as_numpy(scaled(add.SUPPORT), by_pair(rescaled_sum("+"))),
    *as_numpy(wrapping(add.SUPPORT), wrapped("a + b")),
]
