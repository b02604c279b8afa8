"""SIN of int16: the sine."""

from __future__ import annotations

from ..reference import sin
from ._table import as_table

SUPPORT = as_table(sin.SUPPORT)
