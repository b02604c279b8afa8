"""The cases of the catalogue: recipes make their models and inputs, goldens are what must come of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from attrs import frozen

from .goldens import Golden, goldens
from .op_case import OpCase
from .recipe import PLAIN_VARIANT, recipes


@frozen
class CaseName:
    """Which case of the catalogue."""

    op: str
    version: int
    types: str
    variant: str = PLAIN_VARIANT

    def __str__(self) -> str:
        ends = [self.variant] if self.variant else []
        return "-".join([self.op, f"v{self.version}", self.types, *ends]).replace(" ", "_")


@cache
def names(op: str) -> tuple[CaseName, ...]:
    """Return the cases of an op: each choice of types in every version, and most variants in the last."""
    return tuple(name for golden in goldens(op) for name in _names(op, golden))


def every_name() -> Iterator[CaseName]:
    """Yield all cases, op by op."""
    for op in recipes():
        yield from names(op)


def case_of(name: CaseName) -> OpCase:
    """Return a case."""
    golden = _by_key(name.op)[name.types, name.variant, name.version]
    draft = recipes()[name.op].draft(name.version, name.types, name.variant, bare=True)
    label = str(name).removeprefix(f"{name.op}-")
    return OpCase(name.op, label, draft.model(), draft.feeds, golden.outputs, golden.source)


def _names(op: str, golden: Golden) -> Iterator[CaseName]:
    first, last = golden.versions
    whole = (PLAIN_VARIANT, *recipes()[op].in_every_version)
    for version in range(first if golden.variant in whole else last, last + 1):
        yield CaseName(op, version, golden.types, golden.variant)


@cache
def _by_key(op: str) -> dict[tuple[str, str, int], Golden]:
    return {(n.types, n.variant, n.version): g for g in goldens(op) for n in _names(op, g)}
