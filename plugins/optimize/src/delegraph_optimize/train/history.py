"""How a training went: an entry for each epoch, as text and as a page with curves."""

from __future__ import annotations

from string import Template
from typing import Any

from attrs import frozen
from delegraph import escaped, html_text, report_table, report_text
from rich.console import Group, RenderableType
from rich.text import Text

from ..pipeline import Quantized
from ..report.charts import COLORS, lines


@frozen
class Epoch:
    """One time through all samples; the first entry is of the model before."""

    number: int
    loss: float  # of the samples trained on: the mean while it ran
    held_loss: float  # of those held back; NaN where none are
    metric: float  # of those held back, or of those trained on
    seconds: float

    @property
    def row(self) -> list[float]:
        return [float(self.number), self.loss, self.held_loss, self.metric, self.seconds]

    @classmethod
    def of(cls, row: list[float]) -> Epoch:
        return cls(int(row[0]), *row[1:])


@frozen
class Trained(Quantized):
    """A trained model, and how it came about."""

    loss: str = ""
    metric: str = ""
    epochs: tuple[Epoch, ...] = ()
    kept_epoch: int = 0  # whose weights the model has
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Trained: {len(self.epochs) - 1} epochs, {self.report!r}>"

    def __str__(self) -> str:
        return report_text(self._render())

    def _render(self) -> RenderableType:
        heads = ["epoch", "loss>", *(["held back>"] if self._has_held else [])]
        heads += [f"{self.metric}>"] if self.metric else []
        table = report_table(*heads, "seconds>")
        for e in self.epochs:
            cells = [f"{e.number}{' *' if e.number == self.kept_epoch else ''}", _number(e.loss)]
            cells += [_number(e.held_loss)] if self._has_held else []
            cells += [f"{100 * e.metric:.2f} %"] if self.metric else []
            table.add_row(*cells, f"{e.seconds:.1f}")
        notes = [Text(note) for note in (*self.notes, f"loss: {self.loss}; {self._told_of_best}")]
        return Group(table, Text(), *notes, Text(), Text(str(self.report)))

    @property
    def _told_of_best(self) -> str:
        if self.kept_epoch or len(self.epochs) < 2:
            return "* is the epoch that is kept"
        judges = "held back" if self._has_held else "trained on"
        return f"no epoch was better on the samples {judges}: the model before training (*) is kept"

    @property
    def _has_held(self) -> bool:
        return any(e.held_loss == e.held_loss for e in self.epochs)

    def to_json(self) -> dict[str, Any]:
        """Return the epochs, and what became of each op; None stands for what was not measured."""
        told = {"loss": self.loss, "metric": self.metric, "kept_epoch": self.kept_epoch}
        return {**told, "epochs": self.lines(), "notes": list(self.notes), "report": self.report.to_json()}

    def lines(self) -> list[dict[str, Any]]:
        """Return a line for each epoch."""
        names = ("epoch", "loss", "held_loss", "metric", "seconds")
        return [
            {n: None if v != v else v for n, v in zip(names, (e.number, *e.row[1:]), strict=True)}
            for e in self.epochs
        ]

    def to_html(self, title: str = "training") -> str:
        """Return a page with the curves, which needs nothing else."""
        losses = [("loss", COLORS[0], [(e.number, e.loss) for e in self.epochs])]
        if self._has_held:
            losses.append(("held back", COLORS[1], [(e.number, e.held_loss) for e in self.epochs]))
        parts = [
            _figure(
                "Loss", f"{self.loss}; blue: trained on, orange: held back", lines(losses, "epoch", "loss")
            )
        ]
        if self.metric:
            curve = [(self.metric, COLORS[2], [(e.number, 100 * e.metric) for e in self.epochs])]
            about = "of the samples held back" if self._has_held else "of the samples trained on"
            parts.append(_figure(self.metric, about, lines(curve, "epoch", "%")))
        return _PAGE.substitute(
            title=html_text(escaped(title)), charts="\n".join(parts), text=html_text(str(self))
        )


def _number(value: float) -> str:
    return "" if value != value else f"{value:.4g}"


def _figure(title: str, about: str, chart: str) -> str:
    return f"<figure><figcaption><b>{html_text(title)}</b> {html_text(about)}</figcaption>{chart}</figure>"


_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { margin: 0 auto; padding: 12px 16px 40px; max-width: 1368px; font: 13px/1.45 system-ui, sans-serif;
  color: #1c2128; background: #fff; }
h1 { font-size: 17px; margin: 0 0 10px; overflow-wrap: anywhere; }
.figures { display: grid; gap: 4px 24px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); }
figure { margin: 14px 0 0; min-width: 0; }
figcaption { margin-bottom: 4px; color: #59636e; }
figcaption b { color: #1c2128; }
.chart { width: 100%; max-width: 760px; height: auto; display: block; }
svg text { font-size: 12px; fill: #1c2128; }
.axis { stroke: #8b97a5; fill: none; }
.grid { stroke: #e7eaee; fill: none; }
pre { overflow-x: auto; font-size: 12px; }
@media (max-width: 760px) { svg.chart text { font-size: 18px; } }
</style>
<h1>$title</h1>
<div class="figures">$charts</div>
<pre>$text</pre>
</html>
""")
