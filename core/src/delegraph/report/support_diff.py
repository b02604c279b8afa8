"""How two support tables, or two support cards of the conformance suite, differ: by op and types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from ..contract.support_row import versions_union
from ..errors import InputError
from ..values import frozen

SLOWER = 1.5  # how many times as long is a difference of speed
FURTHER = 2.0  # and how many times as far, one of measured distances
Facts = dict[str, Any]  # of one op and types: versions, needs, steps, rtol, state, microseconds
Claims = dict[tuple[str, str], Facts]


@frozen
class TableDifference:
    """What two sides say of an op, of those operand types of which they say the same."""

    op: str
    types: tuple[str, ...]
    what: str  # "only in the first", "versions", "needs", "steps", "rtol", "state", "microseconds"
    first: str
    second: str


def differences(first: Any, second: Any) -> list[TableDifference]:
    """Return the differences of two sides.

    :param first: a list of rows as ``delegraph support --format json`` prints them, or a card
    """
    if isinstance(first, Mapping) != isinstance(second, Mapping):
        raise InputError("needs two tables or two support cards to compare, found one of each")
    a, b = _claims(first), _claims(second)
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for key in sorted(a.keys() | b.keys()):
        for what, one, other in _compared(a.get(key), b.get(key)):
            found.setdefault((key[0], what, one, other), []).append(key[1])
    return [
        TableDifference(op, tuple(types), what, one, other)
        for (op, what, one, other), types in found.items()
    ]


def side_of(content: Any, name: str) -> Any:
    """Return the table or card that a JSON file holds.

    :param content: of the file
    :param name: of the file, for messages
    """
    if isinstance(content, dict) and isinstance(content.get("lines"), list):
        return content
    tables = (
        [rows for rows in content.values() if isinstance(rows, list)] if isinstance(content, dict) else []
    )
    if len(tables) == 1:
        return tables[0]
    raise InputError(
        f"{name} needs a support card or the table of one delegate, found {len(tables)} tables"
    )


def _claims(side: Any) -> Claims:
    found: Claims = {}
    for key, facts in _of_card(side["lines"]) if isinstance(side, Mapping) else _of_table(side):
        found[key] = _merged(found[key], facts) if key in found else facts
    return found


def _of_table(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], Facts]]:
    for row in rows:
        facts = {"versions": [tuple(row["versions"])], "needs": {"; ".join(row["needs"])}}
        facts |= {"steps": row["steps"], "rtol": row["rtol"]}
        for types in _expanded(row["types"], row["choices"]):
            yield (row["op"], types), facts


def _of_card(lines: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], Facts]]:
    for line in lines:
        facts = {"versions": [(v, v) for v in line["versions"]], "state": {line["kind"]}}
        if line["kind"] == "delegated":
            facts |= {key: line[key] for key in ("steps", "rtol", "microseconds")}
        yield (line["op"], line["types"].replace(":", " ").replace(">", " -> ")), facts


def _expanded(types: str, choices: Mapping[str, str]) -> Iterator[str]:
    """Yield the types with each variable, and each alternative, as one type."""
    letters = sorted(choices)
    for picked in product(*(choices[letter].split() for letter in letters)):
        bound = dict(zip(letters, picked, strict=True))
        yield from map(" ".join, product(*(_alternatives(word, bound) for word in types.split())))


def _alternatives(word: str, bound: Mapping[str, str]) -> list[str]:
    names, suffix = re.fullmatch(r"(.*?)([?*]?)", word).groups()  # type: ignore[union-attr]
    return [bound.get(name, name) + suffix for name in names.split("|")]


def _merged(a: Facts, b: Facts) -> Facts:
    """Return what two rows, or lines, say together."""
    found = {"versions": [*a["versions"], *b["versions"]]}
    for key in ("needs", "state"):
        if key in a or key in b:
            found[key] = a.get(key, set()) | b.get(key, set())
    for key in ("steps", "rtol", "microseconds"):
        values = [side[key] for side in (a, b) if side.get(key) is not None]
        if values:
            found[key] = max(values)
    return found


def _compared(a: Facts | None, b: Facts | None) -> Iterator[tuple[str, str, str]]:
    if a is None or b is None:
        where = "only in the first" if a else "only in the second"
        yield where, _versions(a), _versions(b)
        return
    if _versions(a) != _versions(b):
        yield "versions", _versions(a), _versions(b)
    for key in ("needs", "state"):
        if a.get(key) != b.get(key):
            yield key, " or ".join(sorted(a.get(key, ()))), " or ".join(sorted(b.get(key, ())))
    measured = "state" in a
    for key, least in (("steps", FURTHER), ("rtol", FURTHER), ("microseconds", SLOWER)):
        one, other = a.get(key), b.get(key)
        if one is not None and other is not None and _apart(one, other, least if measured else 1.0):
            yield key, f"{one:g}", f"{other:g}"


def _versions(facts: Facts | None) -> str:
    return versions_union(facts["versions"]) if facts else ""


def _apart(one: float, other: float, times: float) -> bool:
    low, high = sorted((one, other))
    return low != high and high >= times * low


def summary(found: Sequence[TableDifference]) -> str:
    """Say in a line what differs."""
    counts = {what: sum(len(d.types) for d in found if d.what == what) for what in (d.what for d in found)}
    return ", ".join(f"{n} {what}" for what, n in counts.items()) or "no differences"
