"""What became of each op's weights, as values."""

from __future__ import annotations

from typing import Any

import attrs
from attrs import field, frozen
from delegraph import bytes_text, html_text

from ..report.training import TrainingHistory


@frozen
class WeightOutcome:
    """What became of the weights of one op."""

    subgraph: int
    index: int  # of the op in the model that was given
    op: str
    name: str  # of its first output
    weights: int  # how many
    zeros_before: int
    zeros: int
    values: int  # different ones, of all its weights
    channel_values: int  # of those, the most that one of its units has
    done: str = ""  # in words: "50 %, reconstructed"; "" where they stay as they were
    stored: str = ""  # how, where that is not as an ordinary tensor
    reason: str = ""  # why it is not what was asked for; "" where it is


@frozen
class KeptChannels:
    """Which channels stay of a layer that lost some."""

    subgraph: int
    index: int  # of the op in the model that was given
    units: tuple[int, ...] | None  # that it makes; None: all
    inputs: tuple[int, ...] | None  # that it reads; None: all


@frozen
class CompressionReport:
    """What a pruning or a clustering did."""

    asked: str  # "pruned 50 %"
    outcomes: tuple[WeightOutcome, ...]  # an entry for the weights of each op, in the model's order
    notes: tuple[str, ...] = field(repr=False)  # a sentence each: what else was done to the model
    bytes_before: int  # of the file
    bytes_after: int
    compressed_before: int  # of the file compressed by deflate, as in a .zip file
    compressed_after: int
    channels: tuple[KeptChannels, ...] = field(default=(), repr=False)  # of layers that lost some
    training: TrainingHistory | None = field(default=None, repr=False)  # where there was one

    @property
    def changed(self) -> tuple[WeightOutcome, ...]:
        return tuple(o for o in self.outcomes if o.done)

    @property
    def weights(self) -> int:
        return sum(o.weights for o in self.outcomes)

    @property
    def zeros(self) -> int:
        return sum(o.zeros for o in self.outcomes)

    def __repr__(self) -> str:
        counts = f"{len(self.changed)} of {len(self.outcomes)} layers"
        sizes = f"{bytes_text(self.compressed_before)} to {bytes_text(self.compressed_after)} compressed"
        return f"<CompressionReport: {self.asked}, {counts}, {sizes}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html_text(str(self))}</pre>"

    def __str__(self) -> str:
        from .report_text import compression_text

        return compression_text(self)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as values that JSON can hold."""
        found = attrs.asdict(self)
        found["training"] = None if self.training is None else self.training.to_json()
        return found
