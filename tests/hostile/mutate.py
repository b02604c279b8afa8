"""Breaks model files: blindly, or knowing where the schema puts types, shapes, indices and options.

``mutated(file, seed)`` is always the same for one seed. Every second seed knows the structure: its changes
are ``edits``, which can be made one by one.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from attrs import frozen
from delegraph.model.schema import ENUMS, SCALARS, TABLES, UNIONS, Field


@frozen
class Spot:
    """A number in the file that the schema gives a meaning."""

    place: (
        str  # "Tensor.shape[]", "Operator.inputs length", "Conv2DOptions.stride_w", "SubGraph.ops vtable"
    )
    at: int  # its position in the file
    code: str  # of the struct module
    choices: int = 0  # of an enum: how many values it has


@frozen
class Edit:
    """Another value for a spot."""

    spot: Spot
    old: float
    new: float

    def __str__(self) -> str:
        return f"{self.spot.place} at {self.spot.at}: {self.old} -> {self.new}"


def mutated(file: bytes, seed: int) -> tuple[bytes, str]:
    """Return a broken copy of a file, and what was done to it."""
    draw = random.Random(seed)
    if seed % 2:
        return _with_structure(file, draw)
    return blindly(file, draw)


@lru_cache(maxsize=64)
def spots(file: bytes) -> dict[str, list[Spot]]:
    """Return every number that the schema places in an intact file, by what it means."""
    found: dict[str, list[Spot]] = {}
    for spot in _Walk(file).spots():
        found.setdefault(spot.place, []).append(spot)
    return found


def edits(file: bytes, draw: random.Random) -> list[Edit]:
    """Return other values for one to three numbers; each meaning is as likely as any other.

    Seven in ten are values: types, shapes, indices, options, quantization; the rest is layout.
    """
    places = spots(file)
    layout = sorted(name for name in places if name.endswith(_LAYOUT))
    values = sorted(set(places) - set(layout))
    found = []
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        same = places[draw.choice(values if draw.random() < 0.7 else layout)]
        spot = draw.choice(same)
        (old,) = struct.unpack_from("<" + spot.code, file, spot.at)
        found.append(Edit(spot, old, _other_value(spot, old, same, file, draw)))
    return found


def edited(file: bytes, some: Iterable[Edit]) -> bytes:
    """Return a copy of a file with edits made."""
    changed = bytearray(file)
    for edit in some:
        struct.pack_into("<" + edit.spot.code, changed, edit.spot.at, edit.new)
    return bytes(changed)


def _with_structure(file: bytes, draw: random.Random) -> tuple[bytes, str]:
    made = edits(file, draw)
    return edited(file, made), "; ".join(map(str, made))


def _other_value(
    spot: Spot, old: float, same: Sequence[Spot], file: bytes, draw: random.Random
) -> float | bool:
    if spot.code == "?":
        return not old
    if spot.code in "fd":
        return draw.choice((0.0, -old, old * 1e30, 1e-45, float("nan"), float("inf"), float("-inf"), 0.5))
    bits = 8 * struct.calcsize(spot.code)
    low, high = (0, 2**bits - 1) if spot.code.isupper() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    another = struct.unpack_from("<" + spot.code, file, draw.choice(same).at)[0]
    values = [
        0,
        1,
        2,
        3,
        -1,
        low,
        high,
        old + 1,
        old - 1,
        old * 2,
        -old,
        another,
        another,
        127,
        65536,
        2**31 - 1,
    ]
    values += [draw.randrange(spot.choices)] * 12 if spot.choices else []
    fitting = [v for v in values if low <= v <= high and v != old]
    return draw.choice(fitting)


def blindly(file: bytes, draw: random.Random) -> tuple[bytes, str]:
    """Return a copy broken without knowledge of the structure, and how."""
    name, change = draw.choice(_BLIND)
    return bytes(change(bytearray(file), draw)), name


def _flip_bits(file: bytearray, draw: random.Random) -> bytearray:
    for _ in range(draw.choice((1, 2, 8, 64))):
        file[draw.randrange(len(file))] ^= 1 << draw.randrange(8)
    return file


def _flip_bits_outside_weights(file: bytearray, draw: random.Random) -> bytearray:
    """Most bytes of a file are weights; the tables that describe it stand at either end."""
    for _ in range(draw.choice((1, 2, 8))):
        place = draw.randrange(min(2048, len(file)))
        file[place if draw.random() < 0.3 else len(file) - 1 - place] ^= 1 << draw.randrange(8)
    return file


def _overwrite_words(file: bytearray, draw: random.Random) -> bytearray:
    for _ in range(draw.choice((1, 4, 16))):
        at = draw.randrange(max(1, len(file) // 4 - 1)) * 4
        struct.pack_into("<I", file, at, draw.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1, len(file), at)))
    return file


def _cut(file: bytearray, draw: random.Random) -> bytearray:
    return file[: draw.randrange(len(file))]


def _cut_out(file: bytearray, draw: random.Random) -> bytearray:
    start = draw.randrange(len(file))
    del file[start : start + draw.choice((1, 4, 16, 1024))]
    return file


def _repeat_a_piece(file: bytearray, draw: random.Random) -> bytearray:
    start, size = draw.randrange(len(file)), draw.choice((4, 16, 256))
    target = draw.randrange(len(file))
    file[target:target] = file[start : start + size]
    return file


def _blank(file: bytearray, draw: random.Random) -> bytearray:
    start, size = draw.randrange(len(file)), draw.choice((4, 32, 512))
    end = min(len(file), start + size)
    file[start:end] = bytes([draw.choice((0, 0, 255, 65))]) * (end - start)
    return file


_LAYOUT = (
    "vtable",
    "vtable size",
    "slot",
    "offset",
    "length",
    "root",
)  # last words of places without meaning

_BLIND: tuple[tuple[str, Callable[[bytearray, random.Random], bytearray]], ...] = (
    ("bits flipped", _flip_bits),
    ("bits flipped outside the weights", _flip_bits_outside_weights),
    ("bits flipped outside the weights", _flip_bits_outside_weights),
    ("words overwritten", _overwrite_words),
    ("cut short", _cut),
    ("a piece cut out", _cut_out),
    ("a piece repeated", _repeat_a_piece),
    ("a piece blanked", _blank),
)


class _Walk:
    """Follows an intact file from its root, by the schema."""

    MANY = 64  # elements of one vector of scalars that are worth naming

    def __init__(self, file: bytes) -> None:
        self._file = file
        self._seen: set[tuple[str, int]] = set()

    def spots(self) -> Iterator[Spot]:
        yield Spot("file root", 0, "I")
        yield from self._table("Model", self._offset(0))

    def _table(self, name: str, table: int) -> Iterator[Spot]:
        if (name, table) in self._seen:
            return
        self._seen.add((name, table))
        vtable = table - self._number("i", table)
        yield Spot(f"{name} vtable", table, "i")
        yield Spot(f"{name} vtable size", vtable, "H")
        for field in TABLES[name]:
            yield from self._field(name, field, table, vtable)

    def _field(self, name: str, field: Field, table: int, vtable: int) -> Iterator[Spot]:
        place = f"{name}.{field.name}"
        if field.kind == "union":
            yield from self._union(place, field, table, vtable)
            return
        at = self._slot(table, vtable, field.slot)
        if at is None:
            return
        yield Spot(f"{place} slot", vtable + 4 + 2 * field.slot, "H")
        if field.kind in ("scalar", "enum"):
            yield _scalar(place, at, field)
            return
        yield Spot(f"{place} offset", at, "I")
        target = self._offset(at)
        if field.kind == "table":
            yield from self._table(field.type, target)
        else:
            yield from self._sequence(place, field, target)

    def _union(self, place: str, field: Field, table: int, vtable: int) -> Iterator[Spot]:
        kind_at = self._slot(table, vtable, field.slot - 1)
        at = self._slot(table, vtable, field.slot)
        if kind_at is None or at is None:
            return
        kinds = UNIONS[field.type]
        yield Spot(f"{place} kind", kind_at, "B", len(kinds))
        yield Spot(f"{place} offset", at, "I")
        yield from self._table(kinds[self._file[kind_at]], self._offset(at))

    def _sequence(self, place: str, field: Field, target: int) -> Iterator[Spot]:
        """A string, or a vector of anything: its length, then its elements."""
        yield Spot(f"{place} length", target, "I")
        count = self._number("I", target)
        if field.kind == "string":
            yield from (Spot(f"{place} text", target + 4 + k, "B") for k in range(min(count, 4)))
            return
        if field.item in ("scalar", "enum"):
            size = struct.calcsize(SCALARS[field.storage])
            for k in range(min(count, self.MANY)):
                yield _scalar(f"{place}[]", target + 4 + k * size, field)
            return
        for at in range(target + 4, target + 4 + 4 * count, 4):
            yield Spot(f"{place}[] offset", at, "I")
            if field.item == "table":
                yield from self._table(field.type, self._offset(at))

    def _slot(self, table: int, vtable: int, slot: int) -> int | None:
        if 4 + 2 * slot >= self._number("H", vtable):
            return None
        offset = self._number("H", vtable + 4 + 2 * slot)
        return table + offset if offset else None

    def _offset(self, at: int) -> int:
        return at + self._number("I", at)

    def _number(self, code: str, at: int) -> int:
        return struct.unpack_from("<" + code, self._file, at)[0]


def _scalar(place: str, at: int, field: Field) -> Spot:
    choices = len(ENUMS[field.type].names) if field.type in ENUMS else 0
    return Spot(place, at, SCALARS[field.storage], choices)
