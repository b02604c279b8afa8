"""The options of custom ops that are stored as a FlexBuffer map: names and their values.

Every offset and size is checked before it is followed; options that are broken raise ModelError.

Source: flatbuffers/flexbuffers.h, flatbuffers' docs/source/flexbuffers.md.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from delegraph import ModelError, Op

_NULL, _INT, _UINT, _FLOAT, _KEY, _STRING = range(6)
_INDIRECT = {6: _INT, 7: _UINT, 8: _FLOAT}
_MAP, _VECTOR, _BOOL, _VECTOR_BOOL = 9, 10, 26, 36
_TYPED = {11: _INT, 12: _UINT, 13: _FLOAT, _VECTOR_BOOL: _BOOL}
_TUPLES = {16 + i: ((_INT, _UINT, _FLOAT)[i % 3], 2 + i // 3) for i in range(9)}  # type, length
_FORMATS = {_INT: "bhiq", _UINT: "BHIQ", _BOOL: "BHIQ", _FLOAT: "?efd"}  # by log2 of the bytes


class FlexOptions:
    """Options by name. One that is absent is 0, as LiteRT takes it, or what the caller says."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self.values = _MapReader(op).options()

    def integer(self, name: str, default: int = 0) -> int:
        """Return the option cut to an integer."""
        value = self._number(name, default)
        if value != value or abs(value) == float("inf"):
            self._fail(f"an integer as {name}", f"{value}")
        return int(value)

    def real(self, name: str, default: float = 0.0) -> float:
        """Return the option rounded to float32, in which the ops keep it."""
        with np.errstate(over="ignore"):
            return float(np.float32(self._number(name, default)))

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(self._number(name, default))

    def integers(self, name: str) -> tuple[int, ...]:
        """Return the numbers of a vector; () if there is none."""
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, tuple) or not all(isinstance(v, int) for v in value):
            self._fail(f"a vector of integers as {name}", f"{value!r}")
        return value

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        if not isinstance(value, str):
            self._fail(f"a text as {name}", f"{value!r}")
        return value

    def _number(self, name: str, default: float) -> Any:
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, (bool, int, float)):
            self._fail(f"a number as {name}", f"{value!r}")
        return value

    def _fail(self, needs: str, found: str) -> NoReturn:
        raise ModelError(f"{self.op}: custom options need {needs}, found {found}")


class _MapReader:
    """Reads a map whose values are numbers, texts and vectors of numbers; other values are left out."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self.data = op.custom_options
        self.budget = len(self.data)  # elements that may yet be read: vectors may not overlap endlessly

    def options(self) -> dict[str, Any]:
        if len(self.data) < 3:
            self._fail(f"3 bytes or more, found {len(self.data)}")
        packed, width = self.data[-2], self.data[-1]
        if width not in (1, 2, 4, 8) or packed >> 2 != _MAP:
            self._fail(f"a map at the root, found type {packed >> 2} of {width} bytes")
        at = len(self.data) - 2 - width
        return self._map(self._target(at, width), 1 << (packed & 3))

    def _map(self, at: int, width: int) -> dict[str, Any]:
        count = self._count(at, width)
        keys_width = self._unsigned(at - 2 * width, width)
        if keys_width not in (1, 2, 4, 8):
            self._fail(f"keys of 1, 2, 4 or 8 bytes, found {keys_width}")
        keys = self._target(at - 3 * width, width)
        names = [self._key(self._target(keys + i * keys_width, keys_width)) for i in range(count)]
        types = [self._unsigned(at + count * width + i, 1) for i in range(count)]
        return {name: self._value(at + i * width, width, types[i]) for i, name in enumerate(names)}

    def _value(self, at: int, width: int, packed: int) -> Any:
        kind, child = packed >> 2, 1 << (packed & 3)
        if kind in _FORMATS:
            return self._scalar(at, width, kind)
        if kind in _INDIRECT:
            return self._scalar(self._target(at, width), child, _INDIRECT[kind])
        if kind == _STRING:
            start = self._target(at, width)
            return self._bytes(start, self._count(start, child)).decode(errors="replace")
        if kind == _KEY:
            return self._key(self._target(at, width))
        if kind == _VECTOR or kind in _TYPED or kind in _TUPLES:
            return self._vector(self._target(at, width), child, kind)
        return None

    def _vector(self, at: int, width: int, kind: int) -> tuple[Any, ...]:
        count = _TUPLES[kind][1] if kind in _TUPLES else self._count(at, width)
        if kind == _VECTOR:
            packed = [self._unsigned(at + count * width + i, 1) for i in range(count)]
            kinds: Sequence[int] = [p >> 2 for p in packed]
        else:
            kinds = [_TYPED[kind] if kind in _TYPED else _TUPLES[kind][0]] * count
        if set(kinds) - set(_FORMATS):
            self._fail(f"vectors of numbers, found types {sorted(set(kinds))}")
        return tuple(self._scalar(at + i * width, width, k) for i, k in enumerate(kinds))

    def _scalar(self, at: int, width: int, kind: int) -> Any:
        letter = _FORMATS[kind][width.bit_length() - 1]
        if letter == "?":
            self._fail("floats of 2, 4 or 8 bytes, found 1")
        value = struct.unpack("<" + letter, self._bytes(at, width))[0]
        return bool(value) if kind == _BOOL else value

    def _target(self, at: int, width: int) -> int:
        """Follow the offset at ``at``, which points back."""
        return at - self._unsigned(at, width)

    def _count(self, at: int, width: int) -> int:
        """Return the size in front of a vector, taking it from the budget."""
        count = self._unsigned(at - width, width)
        self.budget -= count
        if self.budget < 0:
            self._fail(f"no more than {len(self.data)} elements in all, found one of {count}")
        return count

    def _key(self, at: int) -> str:
        end = self.data.find(b"\0", at) if at >= 0 else -1
        if end < 0:
            self._fail(f"a name that ends, found none at byte {at}")
        self.budget -= end - at
        if self.budget < 0:
            self._fail(f"no more than {len(self.data)} bytes of names")
        return self.data[at:end].decode(errors="replace")

    def _unsigned(self, at: int, width: int) -> int:
        return int.from_bytes(self._bytes(at, width), "little")

    def _bytes(self, at: int, count: int) -> bytes:
        if at < 0 or at + count > len(self.data):
            self._fail(f"{count} bytes at {at} inside of its {len(self.data)}")
        return self.data[at : at + count]

    def _fail(self, needs: str) -> NoReturn:
        raise ModelError(f"{self.op}: custom options that are a FlexBuffer need {needs}")
