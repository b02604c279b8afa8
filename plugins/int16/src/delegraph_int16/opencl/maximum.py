"""MAXIMUM: the larger of two broadcast int16 operands, compared as stored."""

from __future__ import annotations

from ..reference import maximum
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(maximum.SUPPORT, by_pair(lambda op: Formula("max(a, b)", {})))
