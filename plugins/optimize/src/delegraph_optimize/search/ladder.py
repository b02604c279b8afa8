"""The levels of a search: what a scheme makes of an op, and what is larger and more exact, up to floats."""

from __future__ import annotations

from attrs import frozen

from ..report import Outcome
from ..rules import Rule

FLOATS = "float32"
# Of each scheme: what has integer weights, and what comes behind that.
LADDERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "int8": (("int8", "int16x8"), (FLOATS,)),
    "int16x8": (("int16x8",), (FLOATS,)),
    "dynamic": (("dynamic",), ("float16", FLOATS)),
    "weights": (("weights",), ("float16", FLOATS)),
    "float16": ((), ("float16", FLOATS)),
}


@frozen
class Level:
    """What an op may become."""

    scheme: str
    weights: str | None = None  # their type; None: as asked, and as rules and spared weights have it

    def rule(self, outcome: Outcome) -> Rule:
        """Return the rule for one op, whose output has another name where an activation is part of it."""
        return Rule(
            self.scheme,
            op=outcome.op,
            index=(outcome.index,),
            subgraph=outcome.subgraph,
            weights=self.weights,
        )


def ladder(scheme: str, weights: str) -> tuple[Level, ...]:
    """Return the levels, the smallest first; behind weights of 4 bits come those of 8."""
    integers, others = LADDERS[scheme]
    kinds = (None,) if weights == "int8" else (None, "int8")
    return (*(Level(s, kind) for kind in kinds for s in integers), *map(Level, others))


def named(outcome: Outcome) -> str:
    """Return what an op became, in a word or two."""
    return f"{outcome.scheme} (int4 weights)" if outcome.weights == "int4" else outcome.scheme
