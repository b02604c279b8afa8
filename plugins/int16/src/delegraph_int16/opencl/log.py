"""LOG of int16: the natural logarithm."""

from __future__ import annotations

from ..reference import log
from ._table import as_table

SUPPORT = as_table(log.SUPPORT)
