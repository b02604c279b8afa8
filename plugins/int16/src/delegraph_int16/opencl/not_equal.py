"""NOT_EQUAL: whether an int16 operand differs from another, broadcast."""

from __future__ import annotations

from ..reference import not_equal
from ._claims import as_numpy
from ._equality import compared
from ._pairs import by_pair

SUPPORT = as_numpy(not_equal.SUPPORT, by_pair(compared("!=")))
