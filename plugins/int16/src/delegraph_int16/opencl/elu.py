"""ELU of int16: x where it is positive, else exp(x) - 1."""

from __future__ import annotations

from ..reference import elu
from ._table import as_table

SUPPORT = as_table(elu.SUPPORT)
