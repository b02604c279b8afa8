"""What a search found, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from attrs import asdict, field, frozen
from delegraph import bytes_text, report_html

from ..pipeline import Quantized

Place = tuple[int, int]  # of an op in the model that was given: subgraph and index


@frozen
class Trial:
    """What one model does on the samples."""

    score: float  # of the metric
    noise: float  # of the outputs, as a share of their signal
    nbytes: int  # of the file
    seconds: float  # of a sample, the median


@frozen
class Sensitivity:
    """What one op costs and wins alone: the model of floats with this op quantized."""

    place: Place
    op: str
    name: str  # of its first output
    scheme: str
    drop: float  # of the metric
    noise: float  # of the outputs, as a share of their signal
    nbytes: int  # that the file gets smaller
    seconds: float  # that a sample takes less


@frozen
class Tried:
    """One choice of schemes, and what it gives."""

    schemes: dict[Place, str] = field(repr=False)
    trial: Trial

    @property
    def counts(self) -> Counter[str]:
        return Counter(self.schemes.values())


@frozen(eq=False)
class SearchResult:
    """The model that a search found, and what it tried on the way."""

    quantized: Quantized
    chosen: Tried
    metric: str
    base: float  # what the metric says of the model of floats
    sensitivities: tuple[Sensitivity, ...]  # the most sensitive first
    tried: tuple[Tried, ...]  # in the order of the search

    @property
    def drop(self) -> float:
        return self.base - self.chosen.trial.score

    @property
    def front(self) -> tuple[Tried, ...]:
        """What no other choice beats in size, time and metric at once; the smallest first."""
        return front_of(self.tried)

    def to_json(self) -> dict[str, Any]:
        """Return what was chosen and tried as values that ``json.dumps`` takes."""
        tried = [{"ops": dict(t.counts), **asdict(t.trial)} for t in self.tried]
        return {
            "metric": self.metric,
            "base": self.base,
            "chosen": next(i for i, t in enumerate(self.tried) if t is self.chosen),
            "tried": tried,
            "sensitivities": [{**asdict(s), "place": list(s.place)} for s in self.sensitivities],
        }

    def __repr__(self) -> str:
        score = f"{self.metric} {self.base:.4g} to {self.chosen.trial.score:.4g}"
        return f"<SearchResult: {score}, {bytes_text(self.chosen.trial.nbytes)}, {len(self.tried)} tried>"

    def _repr_html_(self) -> str:
        from .found_text import render

        return report_html(render(self))

    def __str__(self) -> str:
        from .found_text import found_text

        return found_text(self)


def front_of(tried: Iterable[Tried]) -> tuple[Tried, ...]:
    """Return what no other choice beats in size and metric, or equals in both and beats in time."""
    some = list(tried)
    kept = [t for t in some if not any(_beats(other.trial, t.trial) for other in some)]
    return tuple(sorted(kept, key=lambda t: (t.trial.nbytes, -t.trial.score)))


def _beats(one: Trial, other: Trial) -> bool:
    better = (-one.nbytes, one.score), (-other.nbytes, other.score)
    if better[0] == better[1]:
        return one.seconds < other.seconds
    return all(a >= b for a, b in zip(*better, strict=True))
