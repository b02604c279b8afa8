"""RELU6 of int16: x within 0 and 6, brought to the output's scale."""

from __future__ import annotations

from ..reference import relu6
from ._table import as_table

SUPPORT = as_table(relu6.SUPPORT)
