"""The cases of the catalogue: recipes make their models and inputs, goldens are what must come of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
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
    largest = _largest_before_activation(name)
    return OpCase(name.op, label, draft.model(), draft.feeds, golden.outputs, golden.source, largest)


def _largest_before_activation(name: CaseName) -> float:
    """Return the largest output of the same case without its fused activation; 0 if it has none.

    An error of what enters RELU_N1_TO_1 is as large behind it, and the values are smaller.
    """
    if tuple(recipes()[name.op].variants.get(name.variant, ())) != ("fused_activation_function",):
        return 0.0
    plain = _by_key(name.op).get((name.types, PLAIN_VARIANT, name.version))
    floats = [a for a in plain.outputs if a.dtype.kind == "f"] if plain else []
    return max((float(np.abs(a[np.isfinite(a)]).max(initial=0)) for a in floats), default=0.0)


def _names(op: str, golden: Golden) -> Iterator[CaseName]:
    first, last = golden.versions
    whole = (PLAIN_VARIANT, *recipes()[op].in_every_version)
    for version in range(first if golden.variant in whole else last, last + 1):
        yield CaseName(op, version, golden.types, golden.variant)


@cache
def _by_key(op: str) -> dict[tuple[str, str, int], Golden]:
    return {(n.types, n.variant, n.version): g for g in goldens(op) for n in _names(op, g)}
