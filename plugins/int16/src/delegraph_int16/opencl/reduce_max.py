"""REDUCE_MAX: the largest int16 value over axes, compared as stored."""

from __future__ import annotations

from ..reference import reduce_max
from ._claims import as_numpy
from ._reduce import constant_axes, extremes

SUPPORT = as_numpy(reduce_max.SUPPORT, extremes("max(v, a)", -32768), constant_axes)
