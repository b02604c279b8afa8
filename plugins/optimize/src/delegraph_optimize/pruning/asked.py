"""What ``prune`` is asked for, checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import evolve, frozen
from delegraph import InputError

from ..compress import LayerRule, WeightLayer
from .pattern import Pattern

PER = ("layer", "model")
FEW = "a depthwise filter has few weights, and each counts: a rule may ask for it"
_HALF = 0.5


@frozen
class Pruning:
    """What some weights are to lose."""

    share: float  # of them that become zero
    pattern: Pattern
    is_own: bool = False  # a rule says it of this layer, or the pattern does

    @classmethod
    def of(cls, sparsity: float | None, pattern: str) -> Pruning:
        """:raises InputError: the sparsity is out of range, or not the pattern's"""
        where = Pattern.parse(pattern)
        told = where.zeros / where.of if where.of else _HALF if sparsity is None else float(sparsity)
        if sparsity is not None and not 0 <= sparsity < 1:
            raise InputError(f"sparsity needs a share from 0 to less than 1, found {sparsity:g}")
        if sparsity is not None and sparsity != told:
            raise InputError(
                f"pattern {pattern} makes {told:g} of the weights 0, found sparsity {sparsity:g}"
            )
        return cls(told, where, bool(where.of))

    def __str__(self) -> str:
        share = f"{100 * self.share:g} %"
        return share if str(self.pattern) == "unstructured" else f"{share} ({self.pattern})"


@frozen
class AskedPruning:
    """What each layer of a model is to lose."""

    sparsity: float | None
    pattern: str
    rules: tuple[LayerRule, ...] = ()
    per: str | None = None  # None: of the model where samples can say what layers can spare

    def check(self) -> None:
        """:raises InputError: an argument is none of those known"""
        if self.per not in (None, *PER):
            raise InputError(f"per needs one of {', '.join(PER)}, found {self.per!r}")
        for sparsity, pattern in ((self.sparsity, self.pattern), *map(self._merged, self.rules)):
            Pruning.of(sparsity, pattern)

    def of(self, layer: WeightLayer) -> Pruning | str:
        """Return what a layer is to lose, or why it is left alone."""
        if layer.reason:
            return layer.reason
        fitting = [rule for rule in self.rules if rule.fits(layer)]
        if (_last(r.skip for r in fitting)) is True:
            return "a rule says so"
        asked = LayerRule(
            sparsity=_last(r.sparsity for r in fitting), pattern=_last(r.pattern for r in fitting)
        )
        if layer.node.name == "DEPTHWISE_CONV_2D" and asked == LayerRule():
            return FEW
        found = Pruning.of(*self._merged(asked))
        return evolve(found, is_own=found.is_own or asked.sparsity is not None)

    def _merged(self, rule: LayerRule) -> tuple[float | None, str]:
        """Return sparsity and pattern, as far as a rule says nothing those of the model."""
        if rule.pattern is None and rule.sparsity is None:
            return self.sparsity, self.pattern
        pattern = self.pattern if rule.pattern is None else rule.pattern
        if rule.sparsity is None and Pattern.parse(pattern).of:
            return None, pattern
        return self.sparsity if rule.sparsity is None else rule.sparsity, pattern


def _last(found: Iterable[Any]) -> Any:
    """Return the last of what rules say."""
    return next((value for value in reversed(list(found)) if value is not None), None)
