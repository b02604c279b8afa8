"""LOGISTIC of int16: 1 / (1 + exp(-x))."""

from __future__ import annotations

from ..reference import logistic
from ._table import as_table

SUPPORT = as_table(logistic.SUPPORT)
