"""Which ops and versions LiteRT registers, the types that ran there one by one, and what kills it.

Source: litert.tsv and dead.tsv, probed on ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from attrs import frozen

REF, DEFAULT = "BUILTIN_REF", "BUILTIN_WITHOUT_DEFAULT_DELEGATES"


@frozen
class Fact:
    """What LiteRT says of one op."""

    op: str
    first: int  # version of the default resolver
    last: int
    last_of_ref: int  # 0: BUILTIN_REF lacks the op
    types: tuple[str, ...]  # () where they are known from the sources only

    def answers(self, version: int) -> list[tuple[str, int]]:
        """Return the resolvers to ask, best first, and the version to ask each for."""
        ref = [(REF, min(version, self.last_of_ref))] if self.last_of_ref else []
        return [*ref, (DEFAULT, version)]


@frozen
class Death:
    """A model that LiteRT's process does not survive."""

    op: str
    types: str
    resolver: str
    signal: str


@cache
def facts() -> dict[str, Fact]:
    """Return the facts by op."""
    return {fact.op: fact for fact in (_fact(*row) for row in _rows("litert.tsv"))}


def deaths() -> list[Death]:
    """Return what LiteRT is known to die of."""
    return [Death(*row) for row in _rows("dead.tsv")]


def write_deaths(found: Iterable[Death]) -> None:
    """Keep what LiteRT died of, for runs that have no time to see it again."""
    head = [
        "# Models of one op that ai-edge-litert 2.3.0 does not survive.",
        "op\ttypes\tresolver\tsignal",
    ]
    lines = sorted("\t".join((d.op, d.types, d.resolver, d.signal)) for d in found)
    _path("dead.tsv").write_text("\n".join([*head, *lines]) + "\n")


def _rows(name: str) -> list[list[str]]:
    lines = [line for line in _path(name).read_text().splitlines() if not line.startswith("#")]
    return [line.split("\t") for line in lines[1:]]


def _path(name: str) -> Path:
    return Path(__file__).with_name(name)


def _fact(op: str, first: str, last: str, ref: str, types: str) -> Fact:
    probed = () if types.startswith("*") else tuple(types.split())
    return Fact(op, int(first), int(last), 0 if ref == "-" else int(ref), probed)
