"""REDUCE_MAX: the largest int16 value over axes, compared as stored."""

from __future__ import annotations

from delegraph.rules import constant

from ..reference import rows_of
from ._claims import as_numpy
from ._reduce import extremes

SUPPORT = as_numpy(rows_of("REDUCE_MAX"), extremes("max(v, a)", -32768), constant("axes", 1))
