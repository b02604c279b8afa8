"""RSQRT of int16: 1 / sqrt(x); a negative value, an error in numpy, has what 0 has."""

from __future__ import annotations

from ..reference import rsqrt
from ._table import as_table

SUPPORT = as_table(rsqrt.SUPPORT)
