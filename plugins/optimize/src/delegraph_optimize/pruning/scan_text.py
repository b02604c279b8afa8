"""A scan as a table for people and as a plot."""

from __future__ import annotations

from typing import Any

from delegraph import escaped, report_table, report_text
from rich.text import Text

from ..report import charts
from ..report.charts import COLORS, drawing
from ..report.text import shortened
from .scan import LayerLoss, PruningScan


def scan_text(found: PruningScan, width: int | None = None) -> str:
    """Return a layer a line: how far the outputs are off when it alone is pruned."""
    table = report_table(">", "op", "weights>", *(f"{100 * s:g} %>" for s in found.sparsities), "output")
    for layer in found.layers:
        table.add_row(*map(Text, _cells(layer)))
    about = "Difference of the outputs, as a share of their squares, when one layer alone is pruned"
    return f"{report_text(table, width)}\n\n{about} ({found.pattern}); {found.samples} samples"


def _cells(layer: LayerLoss) -> tuple[str, ...]:
    place = f"{layer.subgraph}:{layer.index}" if layer.subgraph else str(layer.index)
    losses = (f"{100 * loss:.2g} %" for loss in layer.losses)
    return place, layer.op, f"{layer.weights:,}", *losses, shortened(escaped(layer.name))


def plot(found: PruningScan) -> str:
    """Return the losses as an SVG file: a line for each sparsity, over the ops."""
    names = [(f"{100 * s:g} %", COLORS[i % len(COLORS)]) for i, s in enumerate(found.sparsities)]
    series = [
        (name, color, [(x.index, 100 * x.losses[i]) for x in found.layers])
        for i, (name, color) in enumerate(names)
    ]
    return drawing(charts.lines(series, "op", "loss, %"), names)


def lines(found: PruningScan) -> list[dict[str, Any]]:
    """Return a layer and a sparsity a line."""
    return [
        {"subgraph": x.subgraph, "index": x.index, "op": x.op, "name": x.name, "weights": x.weights,
         "sparsity": sparsity, "loss": loss}
        for x in found.layers
        for sparsity, loss in zip(found.sparsities, x.losses, strict=True)
    ]  # fmt: skip
