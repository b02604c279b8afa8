"""BITWISE_XOR: the bits that differ between two int16 operands."""

from __future__ import annotations

from ..reference import bitwise_xor
from ._claims import as_numpy
from ._pairs import Formula, by_pair

SUPPORT = as_numpy(bitwise_xor.SUPPORT, by_pair(lambda op: Formula("a ^ b", {})))
