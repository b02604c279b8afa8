"""What a support row claims piece by piece, and which pieces the cases have tried so far."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from attrs import define, field, frozen
from delegraph import Op, OpSupport, Tensor

from .recipe import EVERY_TYPE

_LEFT_OUT = "-"  # in place of a type
_ANY = "any"  # likewise, in a row


@frozen
class _Piece:
    """A version; or a type that an operand may have, or that it may be left out."""

    place: str  # "version"; "input 2", "output 0"
    what: str  # "3"; "int8", "-"


@define
class ClaimsOfRow:
    """The claims of a row that no case has tried yet."""

    row: OpSupport
    untried: set[_Piece] = field(init=False)
    _all: tuple[_Piece, ...] = field(init=False)
    _has_case: bool = False

    def __attrs_post_init__(self) -> None:
        self._all = tuple(_pieces(self.row))
        self.untried = set(self._all)

    def gets_from(self, op: Op) -> bool:
        """Say whether an op has something that was not tried before."""
        return bool(self.untried & set(_pieces_of(self.row, op)))

    def add(self, op: Op) -> None:
        """Count an op as tried."""
        self._has_case = True
        self.untried -= set(_pieces_of(self.row, op))

    def untried_text(self) -> Iterator[str]:
        """Say what is left: of versions, and of each operand."""
        about = f"{self.row.op} v{self.row.versions_text} {self.row.types_text}"
        if not self._has_case:
            yield f"{about}: no case"
            return
        left = [piece for piece in self._all if piece in self.untried]
        for place, pieces in groupby(left, key=lambda piece: piece.place):
            found = [piece.what for piece in pieces]
            if place == "version":
                yield f"{self.row.op} {self.row.types_text}: no case of version {', '.join(found)}"
            elif present := [what for what in found if what != _LEFT_OUT]:
                yield f"{about}: no case with {', '.join(present)} as {place}"
            if _LEFT_OUT in found:
                yield f"{about}: no case without {place}"


def _pieces(row: OpSupport) -> Iterator[_Piece]:
    for version in range(row.versions[0], row.versions[1] + 1):
        yield _Piece("version", str(version))
    for side, place, word in _words(row):
        if not word.startswith("none"):
            yield from (_Piece(f"{side} {place}", what) for what in _alternatives(row, word))


def _pieces_of(row: OpSupport, op: Op) -> Iterator[_Piece]:
    yield _Piece("version", str(op.version))
    for side, place, word in _words(row):
        yield from (_Piece(f"{side} {place}", what) for what in _found_at(op, side, place, word))


def _words(row: OpSupport) -> Iterator[tuple[str, int, str]]:
    for side, words in zip(("input", "output"), row.types.split("->"), strict=True):
        yield from ((side, place, word) for place, word in enumerate(words.split()))


def _found_at(op: Op, side: str, place: int, word: str) -> list[str]:
    operands: tuple[Tensor | None, ...] = op.inputs if side == "input" else op.outputs
    found = operands[place:] if word.endswith("*") else operands[place : place + 1]
    types = [_LEFT_OUT if t is None else t.dtype for t in found] or [_LEFT_OUT]
    return [*types, *(_ANY for t in types if t != _LEFT_OUT)]


def _alternatives(row: OpSupport, word: str) -> list[str]:
    """Return the types that a row allows at a place; all types there are, if it allows any."""
    base = word.rstrip("?*")
    if word == f"{_ANY}?":  # whatever it is, nobody reads it
        return [_ANY, _LEFT_OUT]
    given = [choice for name in base.split("|") for choice in row.choices.get(name, name).split()]
    found = [name for choice in given for name in (EVERY_TYPE if choice == "any" else (choice,))]
    return [*found, _LEFT_OUT] if "?" in word else found
