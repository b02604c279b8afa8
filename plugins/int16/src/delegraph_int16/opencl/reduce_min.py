"""REDUCE_MIN: the smallest int16 value over axes, compared as stored."""

from __future__ import annotations

from delegraph.rules import constant

from ..reference import rows_of
from ._claims import as_numpy
from ._reduce import extremes

SUPPORT = as_numpy(rows_of("REDUCE_MIN"), extremes("min(v, a)", 32767), constant("axes", 1))
