"""Read tables of a FlatBuffer that may be broken or hostile, by the schema and never past the end.

The layout of a table stands in its vtable, which many tables share: each distinct one becomes one
``struct``, so that reading a table is one call. All that is read counts against a budget of the file's
size: tables and vectors that overlap cannot grow into more than the file holds.

Source: the FlatBuffers format description (flatbuffers.dev, "FlatBuffer Internals").
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

import numpy as np

from ..errors import ModelError
from ..model import Record, schema
from ..values import frozen

Bytes = Any  # bytes, a read-only memoryview or an mmap: what struct, slices and numpy take alike
Row = list[Any]  # a table's values by slot; references as places in the file, None if absent

_SLACK = 1 << 16  # bytes of budget beyond the file's size: tools may share a string between tables
_MAX_LAYOUTS = 2048  # vtables kept; writers share them, so that a file has a hundred or two
_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")
_VTABLE = struct.Struct("<HH")
_WIDTHS = {type: struct.calcsize("<" + code) for type, code in schema.SCALARS.items()}
_NUMPY = {"int": "<i4", "long": "<i8", "float": "<f4", "ushort": "<u2", "ubyte": "u1"}
_EMPTY = {type: np.zeros(0, dtype) for type, dtype in _NUMPY.items()}
# Tables whose vectors may be as long as a weight: they become arrays, not tuples.
_ARRAYS = frozenset({"Int32Vector", "Uint16Vector", "Uint8Vector"})


@frozen
class _Layout:
    """How the tables of one vtable are read."""

    size: int  # bytes of a table
    unpack: Callable[[Bytes, int], tuple[Any, ...]]
    by_slot: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    defaults: tuple[Any, ...]
    references: tuple[tuple[int, int], ...]  # slot, place in the table


class FlatBuffer:
    """The bytes of a file, read table by table; every place is checked against the file's end."""

    def __init__(self, data: Bytes) -> None:
        self.data = data
        self.size = len(data)
        self.array = np.frombuffer(data, np.uint8)
        self._left = self.size + _SLACK
        self._layouts: dict[tuple[str, int], _Layout] = {}
        self._records: dict[tuple[Any, ...], Record] = {}
        self._unpackers: dict[tuple[str, int], Callable[[Bytes, int], tuple[Any, ...]]] = {}

    def root(self) -> int:
        return int(_U32.unpack_from(self.data, 0)[0])

    def spend(self, nbytes: int) -> None:
        """Count bytes that are read against the budget."""
        self._left -= nbytes
        if self._left < 0:
            raise ModelError(
                f"tables or vectors overlap: together they hold more than the {self.size} bytes"
            )

    def row(self, table: str, place: int) -> Row:
        """Return the values of a table by slot: scalars, and the places of what it refers to."""
        if place > self.size - 4:
            raise ModelError(f"{table} at byte {place} lies beyond the file's {self.size} bytes")
        vtable = place - _I32.unpack_from(self.data, place)[0]
        layout = self._layouts.get((table, vtable))
        if layout is None:
            if len(self._layouts) >= _MAX_LAYOUTS:  # only a file that means harm has so many
                self._layouts.clear()
            layout = self._layouts[table, vtable] = self._layout(table, vtable)
        if place + layout.size > self.size:
            raise ModelError(
                f"{table} at byte {place} has {layout.size} bytes, but the file ends at {self.size}"
            )
        self.spend(layout.size)
        row = list(layout.by_slot(layout.unpack(self.data, place) + layout.defaults))
        for slot, at in layout.references:
            row[slot] += place + at
        return row

    def vector(self, place: int, width: int, cost: int = 1) -> tuple[int, int]:
        """Return where a vector's elements of ``width`` bytes begin, and how many there are.

        :param cost: 0 if the elements stay in the file, as views: then they are not in the budget
        """
        start = place + 4
        if start > self.size:
            raise ModelError(f"a vector at byte {place} lies beyond the file's {self.size} bytes")
        count: int = _U32.unpack_from(self.data, place)[0]
        nbytes = count * width
        if start + nbytes > self.size:
            raise ModelError(
                f"a vector of {count} elements of {width} bytes at byte {place} "
                f"reaches beyond the file's {self.size} bytes"
            )
        self.spend(4 + nbytes * cost)
        return start, count

    def data_of(self, place: int) -> np.ndarray:
        """Return a vector of bytes as a view of the file."""
        start, count = self.vector(place, 1, cost=0)
        return self.array[start : start + count]

    def text(self, place: int | None) -> str | None:
        """Return a string; bytes that are not UTF-8 are written as escapes."""
        if place is None:
            return None
        start, count = self.vector(place, 1)
        return str(self.data[start : start + count], "utf-8", "backslashreplace")

    def numbers(self, place: int | None, type: str) -> tuple[Any, ...]:
        """Return a vector of scalars; () if there is none."""
        if place is None:
            return ()
        start, count = self.vector(place, _WIDTHS[type])
        unpack = self._unpackers.get((type, count))
        if unpack is None:
            unpack = struct.Struct(f"<{count}{schema.SCALARS[type]}").unpack_from
            self._unpackers[type, count] = unpack
        return unpack(self.data, start)

    def array_of(self, place: int | None, type: str) -> np.ndarray:
        """Return a vector of scalars as a read-only view of the file; empty if there is none."""
        empty = _EMPTY[type]
        if place is None:
            return empty
        start, count = self.vector(place, empty.itemsize)
        return self.array[start : start + count * empty.itemsize].view(empty.dtype)

    def places(self, place: int | None) -> Sequence[int]:
        """Return the places that a vector of references (to tables or strings) points to."""
        if place is None:
            return ()
        start, count = self.vector(place, 4)
        offsets = self.array[start : start + 4 * count].view("<u4")
        return (offsets + np.arange(start, start + 4 * count, 4)).tolist()  # type: ignore[no-any-return]

    def record(self, table: str, place: int) -> Record:
        """Return a table, with all that it holds, as a value."""
        row = self.row(table, place)
        fields = schema.TABLES[table]
        if _is_plain(table):
            key = (table, *row)  # thousands of ops have equal options: one value for all
            found = self._records.get(key)
            if found is None:
                found = self._records[key] = self._record(table, fields, row)
            return found
        return self._record(table, fields, row)

    def _record(self, table: str, fields: Sequence[schema.Field], row: Row) -> Record:
        values = {}
        for f in fields:
            try:
                values[f.name] = self._value(table, f, row)
            except ModelError as e:
                raise ModelError(f"{table}.{f.name}: {e}") from None
        return Record(table, values)

    def _value(self, table: str, f: schema.Field, row: Row) -> Any:
        value = row[f.slot]
        if f.kind == "scalar":
            return value
        if f.kind == "enum":
            return enum_name(f.type, value)
        if f.kind == "union":
            return self.union(f.type, row[f.slot - 1], value)
        if value is None:
            return _EMPTY[f.type] if table in _ARRAYS else f.default
        if f.kind == "string":
            return self.text(value)
        if f.kind == "table":
            return self.record(f.type, value)
        return self._vector(table, f, value)

    def _vector(self, table: str, f: schema.Field, place: int) -> Any:
        if table in _ARRAYS:
            return self.array_of(place, f.type)
        if f.item == "table":
            return tuple([self.record(f.type, p) for p in self.places(place)])
        if f.type == "ubyte":
            start, count = self.vector(place, 1)
            return bytes(self.data[start : start + count])
        numbers = self.numbers(place, f.storage)
        return tuple([enum_name(f.type, n) for n in numbers]) if f.item == "enum" else numbers

    def union(self, name: str, kind: int, place: int | None) -> Record | None:
        """Return the table that a union holds; None for none."""
        tables = schema.UNIONS[name]
        if kind >= len(tables):
            raise ModelError(f"kind {kind} of {name} is unknown; the last known one is {len(tables) - 1}")
        if not kind and place is None:
            return None
        if not kind or place is None:
            raise ModelError(f"{name} of kind {kind} ({tables[kind]}) has {'no' if kind else 'a'} table")
        return self.record(tables[kind], place)

    def _layout(self, table: str, vtable: int) -> _Layout:
        """Return how to read the tables of one vtable: which slot lies where."""
        if not 0 <= vtable <= self.size - 4:
            raise ModelError(f"{table}: its vtable at byte {vtable} lies outside the file")
        nbytes, size = _VTABLE.unpack_from(self.data, vtable)
        if nbytes < 4 or nbytes % 2 or vtable + nbytes > self.size or size < 4:
            raise ModelError(f"{table}: its vtable says {nbytes} bytes of its own and {size} of the table")
        types = _slot_types(table)
        known = min(nbytes // 2 - 2, len(types))  # slots that a newer schema has beyond ours are not read
        places = struct.unpack_from(f"<{known}H", self.data, vtable + 4)
        present = sorted((at, slot) for slot, at in enumerate(places) if at and types[slot] is not None)
        text, end, order = "<", 0, list(range(len(present), len(present) + len(types)))
        references = []
        for i, (at, slot) in enumerate(present):
            code, _, is_reference = types[slot]
            if at < max(end, 4) or at + struct.calcsize(code) > size:
                raise ModelError(f"{table}: the field of slot {slot} at {at} overlaps or leaves the table")
            text += f"{at - end}x{code}"
            end = at + struct.calcsize(code)
            order[slot] = i
            if is_reference:
                references.append((slot, at))
        by_slot = itemgetter(*order) if len(order) > 1 else lambda values: values[:1]
        defaults = tuple(None if t is None else t[1] for t in types)
        return _Layout(size, struct.Struct(text).unpack_from, by_slot, defaults, tuple(references))


def enum_name(enum: str, value: int) -> str:
    """Return the schema's name of an enum's value."""
    names = schema.ENUMS[enum].names
    if 0 <= value < len(names):
        return names[value]
    raise ModelError(f"{value} is no {enum}; the last known one is {len(names) - 1} ({names[-1]})")


@cache
def _is_plain(table: str) -> bool:
    """Say whether a table holds scalars only."""
    return all(f.kind in ("scalar", "enum") for f in schema.TABLES[table])


@cache
def _slot_types(table: str) -> list[Any]:
    """Return, by slot, the struct code of a field, its default, and whether it is a reference."""
    types: list[Any] = [None] * schema.slot_count(table)
    for f in schema.TABLES[table]:
        if f.kind == "scalar":
            types[f.slot] = (schema.SCALARS[f.type], f.default, False)
        elif f.kind == "enum":
            enum = schema.ENUMS[f.type]
            types[f.slot] = (schema.SCALARS[enum.type], enum.values[f.default], False)
        else:
            types[f.slot] = ("I", None, True)
        if f.kind == "union":
            types[f.slot - 1] = ("B", 0, False)
    return types
