"""COS of int16: the cosine."""

from __future__ import annotations

from ..reference import cos
from ._table import as_table

SUPPORT = as_table(cos.SUPPORT)
