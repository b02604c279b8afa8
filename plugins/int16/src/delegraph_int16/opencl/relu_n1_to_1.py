"""RELU_N1_TO_1 of int16: x within -1 and 1, brought to the output's scale."""

from __future__ import annotations

from ..reference import relu_n1_to_1
from ._table import as_table

SUPPORT = as_table(relu_n1_to_1.SUPPORT)
