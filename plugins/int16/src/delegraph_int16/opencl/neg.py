"""NEG of int16: -x."""

from __future__ import annotations

from ..reference import neg
from ._table import as_table

SUPPORT = as_table(neg.SUPPORT)
