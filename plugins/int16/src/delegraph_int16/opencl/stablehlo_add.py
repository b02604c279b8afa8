"""STABLEHLO_ADD: the sum of two stored int16 operands, which wraps."""

from __future__ import annotations

from ..reference import stablehlo_add
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(stablehlo_add.SUPPORT, by_pair(lambda op: Formula("a + b", {})))
