"""GELU of int16: x * P(X <= x) of a normally distributed X."""

from __future__ import annotations

from ..reference import gelu
from ._table import as_table

SUPPORT = as_table(gelu.SUPPORT)
