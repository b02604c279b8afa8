"""STABLEHLO_AND: the bits that two int16 operands share."""

from __future__ import annotations

from ..reference import stablehlo_and
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(stablehlo_and.SUPPORT, by_pair(lambda op: Formula("a & b", {})))
