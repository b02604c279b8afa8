"""AVERAGE_POOL_2D of int16: the mean of what a window covers of the image, halves away from zero."""

from __future__ import annotations

from ..reference import rows_of
from ._claims import as_numpy
from ._pool import pooled

SUPPORT = as_numpy(
    rows_of("AVERAGE_POOL_2D"), pooled("(v) + (a)", 0, "((v) + (((v) >> 31 | 1) * ((n) / 2))) / (n)")
)
