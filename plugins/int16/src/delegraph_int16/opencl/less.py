"""LESS: whether an int16 operand is below another, as stored."""

from __future__ import annotations

from ..reference import less
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(less.SUPPORT, by_pair(lambda op: Formula("a < b", {})))
