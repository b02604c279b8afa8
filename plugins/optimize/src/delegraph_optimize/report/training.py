"""How a training went: an entry for each epoch, and which was kept."""

from __future__ import annotations

from typing import Any

import attrs
from attrs import frozen


@frozen
class Epoch:
    """One time through all samples; the first entry is of the model before."""

    number: int
    loss: float  # of the samples trained on: the mean while it ran
    held_loss: float  # of those held back; NaN where none are
    metric: float  # of those held back, or of those trained on
    seconds: float
    counts: bool = True  # False: weights were not yet what they have to be, and it cannot be kept

    @property
    def row(self) -> list[float]:
        return [float(v) for v in attrs.astuple(self)]

    @classmethod
    def of(cls, row: list[float]) -> Epoch:
        number, loss, held_loss, metric, seconds, counts = row
        return cls(int(number), loss, held_loss, metric, seconds, bool(counts))


@frozen
class TrainingHistory:
    """The epochs of a training, and which was kept."""

    loss: str  # its name
    metric: str  # its name; "" where no output has classes
    epochs: tuple[Epoch, ...]
    kept_epoch: int  # whose weights the model has
    notes: tuple[str, ...]  # a sentence each: what was trained, on what

    @property
    def has_held(self) -> bool:
        return any(e.held_loss == e.held_loss for e in self.epochs)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as values that JSON can hold; None stands for what was not measured."""
        told = {"loss": self.loss, "metric": self.metric, "kept_epoch": self.kept_epoch}
        return {**told, "epochs": self.lines(), "notes": list(self.notes)}

    def lines(self) -> list[dict[str, Any]]:
        """Return a line for each epoch."""
        names = ("epoch", "loss", "held_loss", "metric", "seconds", "counts")
        return [
            {n: None if v != v else v for n, v in zip(names, attrs.astuple(e), strict=True)}
            for e in self.epochs
        ]
