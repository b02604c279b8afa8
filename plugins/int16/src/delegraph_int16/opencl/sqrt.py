"""SQRT of int16: the square root; a negative value, an error in numpy, has the root of 0."""

from __future__ import annotations

from ..reference import sqrt
from ._table import as_table

SUPPORT = as_table(sqrt.SUPPORT)
