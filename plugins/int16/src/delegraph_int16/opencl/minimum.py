"""MINIMUM: the smaller of two broadcast int16 operands, compared as stored."""

from __future__ import annotations

from ..reference import minimum
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(minimum.SUPPORT, by_pair(lambda op: Formula("min(a, b)", {})))
