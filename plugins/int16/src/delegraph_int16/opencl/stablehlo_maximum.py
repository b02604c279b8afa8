"""STABLEHLO_MAXIMUM: the larger of two stored int16 operands."""

from __future__ import annotations

from ..reference import stablehlo_maximum
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(stablehlo_maximum.SUPPORT, by_pair(lambda op: Formula("max(a, b)", {})))
