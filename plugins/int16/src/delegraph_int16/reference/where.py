"""WHERE: the indices of the int16 values that are not zero, in the order of memory. LiteRT lacks it."""

from __future__ import annotations

from attrs import evolve
from delegraph_reference import row_of

SUPPORT = [evolve(row_of("WHERE", "int8 -> int64"), types="int16 -> int64")]
