"""HARD_SWISH of int16: x * min(max(x + 3, 0), 6) / 6."""

from __future__ import annotations

from ..reference import hard_swish
from ._table import as_table

SUPPORT = as_table(hard_swish.SUPPORT)
