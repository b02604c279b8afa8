"""LEAKY_RELU of int16: x where it is positive, else alpha * x."""

from __future__ import annotations

from ..reference import leaky_relu
from ._table import as_table

SUPPORT = as_table(leaky_relu.SUPPORT)
