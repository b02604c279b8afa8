"""EQUAL: whether an int16 operand equals another, broadcast."""

from __future__ import annotations

from ..reference import equal
from ._claims import as_numpy
from ._equality import compared
from ._pairs import by_pair

SUPPORT = as_numpy(equal.SUPPORT, by_pair(compared("==")))
