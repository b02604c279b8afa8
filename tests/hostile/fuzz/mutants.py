"""Broken models, each from a seed: changes of the model, then of bytes that the schema gives a meaning."""

from __future__ import annotations

import random
from functools import cached_property

from attrs import evolve, frozen
from delegraph.errors import DelegraphError
from delegraph.file import write_model
from mutate import Edit, blindly, edited, edits

from fuzz.remake import remade
from fuzz.sources import drawn, intact, source

SHARING = 8  # mutants in a row are of one source: it is made, read and walked through once


@frozen(slots=False)
class Mutant:
    """A source and what was done to it, in this order."""

    seed: int
    source: str
    remakes: tuple[int, ...] = ()  # seeds of changes of the model
    edits: tuple[Edit, ...] = ()
    blind: int | None = None  # seed of a change without knowledge of the structure

    @cached_property
    def _remade(self) -> tuple[bytes, tuple[str, ...]]:
        file, told = source(self.source), []
        if not self.remakes:
            return file, ()
        model = intact(self.source)
        for seed in self.remakes:
            model, how = remade(model, seed)
            told.append(how)
        return write_model(model), tuple(told)

    @property
    def data(self) -> bytes:
        found = edited(self._remade[0], self.edits)
        return found if self.blind is None else blindly(found, random.Random(self.blind))[0]

    def __str__(self) -> str:
        blind = [] if self.blind is None else [f"blindly, seed {self.blind}"]
        return f"{self.source}: " + "; ".join(
            [*self._remade[1], *map(str, self.edits), *blind] or ["intact"]
        )

    def smaller(self) -> list[Mutant]:
        """Return mutants with one change less."""
        found = [evolve(self, edits=_without(self.edits, i)) for i in range(len(self.edits))]
        if not self.edits:  # the places of edits are those of the file that the changes before them gave
            found += [evolve(self, remakes=_without(self.remakes, i)) for i in range(len(self.remakes))]
        return found


def mutant(seed: int) -> Mutant:
    """Return the mutant of a seed: half are remade, nearly half have edits, the rest is broken blindly."""
    draw = random.Random(seed)
    found = Mutant(seed, source_of(seed))
    kind = draw.random()
    if kind < 0.5:
        count = draw.choice((1, 1, 2, 3))
        found = _able(evolve(found, remakes=tuple(draw.randrange(2**31) for _ in range(count))))
    if 0.4 < kind < 0.95:
        found = evolve(found, edits=tuple(edits(found._remade[0], draw)))
    return found if kind < 0.95 else evolve(found, blind=draw.randrange(2**31))


def source_of(seed: int) -> str:
    """Return the source of a seed's mutant."""
    return drawn(random.Random(seed // SHARING))


def _able(found: Mutant) -> Mutant:
    """Return a mutant without the changes from the first on that cannot be written as a file."""
    while found.remakes:
        try:
            found._remade  # noqa: B018 - asked for what it raises
        except (DelegraphError, ValueError, TypeError, OverflowError):
            found = evolve(found, remakes=found.remakes[:-1])
        else:
            break
    return found


def _without(some: tuple, i: int) -> tuple:
    return some[:i] + some[i + 1 :]
