"""GREATER: whether an int16 operand is above another, as stored."""

from __future__ import annotations

from ..reference import greater
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(greater.SUPPORT, by_pair(lambda op: Formula("a > b", {})))
