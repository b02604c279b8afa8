"""EXP of int16: the exponential function."""

from __future__ import annotations

from ..reference import exp
from ._table import as_table

SUPPORT = as_table(exp.SUPPORT)
