"""A trained model, and how it came about."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from delegraph import escaped, html_text, report_text

from ..pipeline import Quantized
from ..report.training import Epoch, TrainingHistory


@frozen
class Trained(Quantized):
    """A trained model, and how it came about."""

    history: TrainingHistory = field(kw_only=True, repr=False)

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        return self.history.epochs

    @property
    def kept_epoch(self) -> int:
        """Whose weights the model has; 0: those before training."""
        return self.history.kept_epoch

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence each: what was trained, on what, and what was not."""
        return self.history.notes

    def __repr__(self) -> str:
        return f"<Trained: {len(self.epochs) - 1} epochs, {self.report!r}>"

    def __str__(self) -> str:
        from rich.console import Group
        from rich.text import Text

        from ..report.training_view import epoch_table, sentences

        told = map(Text, sentences(self.history))
        return report_text(Group(epoch_table(self.history), Text(), *told, Text(), Text(str(self.report))))

    def to_json(self) -> dict[str, Any]:
        """Return the epochs, and what became of each op; None stands for what was not measured."""
        return {**self.history.to_json(), "report": self.report.to_json()}

    def lines(self) -> list[dict[str, Any]]:
        """Return a line for each epoch."""
        return self.history.lines()

    def to_html(self, title: str = "training") -> str:
        """Return a page with the curves, which needs nothing else."""
        from ..report.page import page
        from ..report.training_view import figures

        return page(escaped(title), "", figures(self.history), [f"<pre>{html_text(str(self))}</pre>"])
