"""GREATER_EQUAL: whether an int16 operand is above or equal to another, as stored."""

from __future__ import annotations

from ..reference import greater_equal
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(greater_equal.SUPPORT, by_pair(lambda op: Formula("a >= b", {})))
