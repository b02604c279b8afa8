"""ABS of int16: the absolute value."""

from __future__ import annotations

from ..reference import abs
from ._table import as_table

SUPPORT = as_table(abs.SUPPORT)
