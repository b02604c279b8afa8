"""LESS_EQUAL: whether an int16 operand is below or equal to another, as stored."""

from __future__ import annotations

from ..reference import less_equal
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(less_equal.SUPPORT, by_pair(lambda op: Formula("a <= b", {})))
