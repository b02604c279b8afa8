"""STABLEHLO_MINIMUM: the smaller of two stored int16 operands."""

from __future__ import annotations

from ..reference import stablehlo_minimum
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(stablehlo_minimum.SUPPORT, by_pair(lambda op: Formula("min(a, b)", {})))
