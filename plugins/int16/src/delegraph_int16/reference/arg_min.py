"""ARG_MIN: where along an axis the smallest int16 value stands; the first of equals. LiteRT lacks it."""

from __future__ import annotations

from attrs import evolve
from delegraph_reference import row_of

SUPPORT = [
    evolve(row_of("ARG_MIN", "int8 int32 -> int32"), types="int16 int32|int64 -> int32|int64"),
]
