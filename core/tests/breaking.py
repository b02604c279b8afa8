"""Break a .tflite file on purpose: at random, and with knowledge of its structure.

``mutants(data, seed, count)`` gives broken copies with a word on what was done. Half of them are made by
``structured``, which finds every field, length and offset of the file by the schema and sets some of them
to values that are likely to hurt: another field's, a neighbor, a limit, none of its enum.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from delegraph.model import schema

SPECIAL_INTS = (0, 1, -1, 2, 3, 7, 127, 128, 255, 256, 32768, 65535, 1 << 20, (1 << 31) - 1, -(1 << 31))
SPECIAL_FLOATS = (0.0, -0.0, -1.0, 1e-38, 1e-45, 1e38, float("inf"), float("-inf"), float("nan"), 0.5, 2.0)
LAYOUT = ("offset", "length", "vtable", "vtable size", "vtable slot")  # how the names of such sites end
MAX_ITEMS = 64  # elements of one vector that become sites: weights are long


@dataclass(frozen=True)
class Site:
    """A place in the file that can be set: a scalar, a vector's length, an offset."""

    what: str  # "Tensor.shape item", "Operator.inputs length", "Tensor.name offset"
    place: int
    code: str  # of the struct module
    enum_size: int = 0


def mutants(data: bytes, seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Give ``count`` broken copies of a file, the same for the same seed."""
    sites = find_sites(data)
    for i in range(count):
        rng = random.Random(f"{seed}/{i}")
        yield structured(data, sites, rng) if i % 2 else at_random(data, rng)


def structured(data: bytes, sites: list[Site], rng: random.Random) -> tuple[str, bytes]:
    """Set one to three fields of the file."""
    by_kind: dict[str, list[Site]] = {}
    for site in sites:
        by_kind.setdefault(site.what, []).append(site)
    out, said = bytearray(data), []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        layout = rng.random() < 0.3
        # Each kind is as likely as any other: the many tensors would hide the rest.
        kind = rng.choice(sorted(k for k in by_kind if k.endswith(LAYOUT) == layout))
        site = rng.choice(by_kind[kind])
        value = _value(site, by_kind[kind], sites, data, rng)
        struct.pack_into("<" + site.code, out, site.place, value)
        said.append(f"{site.what} at {site.place} = {value}")
    return "; ".join(said), bytes(out)


def at_random(data: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Flip, overwrite, cut, drop, repeat or insert bytes, mostly near the tables at either end."""
    out = bytearray(data)
    how = rng.choice(("flip", "flip", "bytes", "word", "cut", "drop", "insert", "repeat", "zeros"))
    at = rng.choice((rng.randrange(len(out)), rng.randrange(min(len(out), 4096))))
    n = rng.choice((1, 2, 4, 8, 64, 1000))
    if how == "flip":
        for _ in range(n):
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    elif how == "bytes":
        out[at : at + n] = rng.randbytes(n)
    elif how == "word":
        at = min(at, len(out) - 4)
        struct.pack_into("<i", out, at, rng.choice(SPECIAL_INTS))
    elif how == "cut":
        del out[at:]
    elif how == "drop":
        del out[at : at + n]
    elif how == "insert":
        out[at:at] = rng.randbytes(n)
    elif how == "repeat":
        out[at:at] = out[at : at + n]
    else:
        out[at : at + n] = bytes(len(out[at : at + n]))
    return f"{how} {n} at {at}", bytes(out)


def find_sites(data: bytes) -> list[Site]:
    """Return every place of a good file that a mutation may set."""
    sites = [Site("root offset", 0, "I")]
    seen: set[int] = set()
    waiting = [("Model", struct.unpack_from("<I", data, 0)[0])]
    while waiting:
        table, place = waiting.pop()
        if place not in seen:
            seen.add(place)
            waiting += _table_sites(data, table, place, sites)
    return sites


def _table_sites(data: bytes, table: str, place: int, sites: list[Site]) -> list[tuple[str, int]]:
    """Add the sites of one table; return the tables it refers to."""
    vtable = place - struct.unpack_from("<i", data, place)[0]
    slots = (struct.unpack_from("<H", data, vtable)[0] - 4) // 2
    offsets = struct.unpack_from(f"<{slots}H", data, vtable + 4)
    sites += [Site(f"{table} vtable", place, "i"), Site(f"{table} vtable size", vtable, "H")]
    sites += [Site(f"{table} vtable slot", vtable + 4 + 2 * i, "H") for i in range(slots)]
    found = []
    for f in schema.TABLES[table]:
        at = place + offsets[f.slot] if f.slot < slots and offsets[f.slot] else 0
        if not at:
            continue
        name = f"{table}.{f.name}"
        if f.kind in ("scalar", "enum"):
            sites.append(_scalar(name, at, f))
            continue
        sites.append(Site(f"{name} offset", at, "I"))
        target = at + struct.unpack_from("<I", data, at)[0]
        if f.kind == "union":
            kind = place + offsets[f.slot - 1]
            sites.append(Site(f"{name} kind", kind, "B", len(schema.UNIONS[f.type])))
            found.append((schema.UNIONS[f.type][data[kind]], target))
        elif f.kind == "table":
            found.append((f.type, target))
        else:
            found += _vector_sites(data, name, f, target, sites)
    return found


def _vector_sites(
    data: bytes, name: str, f: schema.Field, place: int, sites: list[Site]
) -> list[tuple[str, int]]:
    count = struct.unpack_from("<I", data, place)[0]
    sites.append(Site(f"{name} length", place, "I"))
    if f.item == "table":
        places = [place + 4 + 4 * i for i in range(count)]
        sites += [Site(f"{name} item offset", p, "I") for p in places]
        return [(f.type, p + struct.unpack_from("<I", data, p)[0]) for p in places]
    if f.kind == "string":
        sites += [Site(f"{name} character", place + 4 + i, "B") for i in range(min(count, MAX_ITEMS))]
    else:
        width = struct.calcsize("<" + schema.SCALARS[f.storage])
        sites += [_scalar(f"{name} item", place + 4 + width * i, f) for i in range(min(count, MAX_ITEMS))]
    return []


def _scalar(what: str, place: int, f: schema.Field) -> Site:
    size = len(schema.ENUMS[f.type].names) if f.type in schema.ENUMS else 0
    return Site(what, place, schema.SCALARS[f.storage], size)


def _value(
    site: Site, alike: list[Site], sites: list[Site], data: bytes, rng: random.Random
) -> float | int:
    """Return a value for a site that its type can hold."""
    if site.code == "?":
        return rng.randrange(2)
    if site.code in "fd":
        return rng.choice((*SPECIAL_FLOATS, rng.uniform(-4, 4)))
    now = struct.unpack_from("<" + site.code, data, site.place)[0]
    other = rng.choice(alike)
    borrowed = struct.unpack_from("<" + other.code, data, other.place)[0]
    value = rng.choice((now + 1, now - 1, 2 * now, borrowed, borrowed, rng.choice(SPECIAL_INTS)))
    if site.what.endswith("offset"):  # another table, string or vector: of the wrong kind, mostly
        target = rng.choice(sites).place
        value = rng.choice((value, target - site.place, target - site.place, rng.randrange(len(data))))
    if site.enum_size:
        value = rng.choice((value, rng.randrange(site.enum_size), rng.randrange(site.enum_size)))
    return _wrapped(value, site.code)


def _wrapped(value: int, code: str) -> int:
    bits = 8 * struct.calcsize("<" + code)
    value %= 1 << bits
    return value - (1 << bits) if code.islower() and value >= 1 << (bits - 1) else value
