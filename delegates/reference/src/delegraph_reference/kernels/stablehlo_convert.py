"""STABLEHLO_CONVERT: values to another type, as CAST converts them.

The specification leaves open what becomes of values that the type cannot hold.

Source: StableHLO's specification of convert; LiteRT does not run it.
"""

from __future__ import annotations

from delegraph import OpSupport

from . import cast

_TYPES = "float32 float16 bfloat16 float64 int8 uint8 int16 uint16 int32 uint32 int64 bool complex64"

SUPPORT = [OpSupport("STABLEHLO_CONVERT", (1, 1), "A -> B", kernel=cast.prepare, A=_TYPES, B=_TYPES)]
