"""MAX_POOL_2D of int16: the largest value that a window covers of the image, compared as stored."""

from __future__ import annotations

from ..reference import rows_of
from ._claims import as_numpy
from ._pool import pooled

SUPPORT = as_numpy(rows_of("MAX_POOL_2D"), pooled("max(v, a)", -32768, "(v)"))
