"""TANH of int16: the hyperbolic tangent."""

from __future__ import annotations

from ..reference import tanh
from ._table import as_table

SUPPORT = as_table(tanh.SUPPORT)
