"""RELU of int16: max(x, 0), brought to the output's scale."""

from __future__ import annotations

from ..reference import relu
from ._table import as_table

SUPPORT = as_table(relu.SUPPORT)
