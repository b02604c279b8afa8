"""What became of a model's weights as one HTML page that needs nothing else."""

from __future__ import annotations

from delegraph import bytes_text, escaped, html_text

from ..report.bars import Bar, BarGroup, bars
from ..report.charts import COLORS
from ..report.page import figure, page, row, whole_table
from ..report.training_view import figures, sentences
from .report import CompressionReport, WeightOutcome
from .report_text import cells, percent, summary

_HEADS = ["op", "", "weights", "zeros", "values", "became", "why not", "output"]


def compression_page(report: CompressionReport, name: str) -> str:
    """Return the page.

    :param name: of the model
    """
    several = len({o.subgraph for o in report.outcomes}) > 1
    rows = [row(list(cells(o, several)), "td") for o in report.outcomes]
    history = report.training
    lines = [summary(report), *report.notes, *([] if history is None else sentences(history))]
    told = "".join(f"<p>{html_text(escaped(line))}</p>" for line in lines)
    curves = [] if history is None else figures(history)
    table = f'<div class="scroll">{whole_table(_HEADS, rows)}</div>'
    return page(escaped(name), told, [*curves, _sizes(report), _zeros(report)], [table])


def _sizes(report: CompressionReport) -> str:
    groups = [
        _group("as it was", COLORS[0], report.bytes_before, report.compressed_before),
        _group(report.asked, COLORS[1], report.bytes_after, report.compressed_after),
    ]
    return figure("Size", "of the file, and of the file compressed by deflate", bars(groups))


def _group(name: str, color: str, nbytes: int, packed: int) -> BarGroup:
    whole = Bar("file", nbytes, bytes_text(nbytes))
    return BarGroup(name, color, (whole, Bar("compressed", packed, bytes_text(packed), is_pale=True)))


def _zeros(report: CompressionReport) -> str:
    some = sorted(report.outcomes, key=lambda o: -o.weights)[:_MOST]
    groups = [BarGroup(f"{o.index} {o.op}", COLORS[1], (_kept(o), _all(o))) for o in some]
    return figure("Weights", "of the largest layers: those that are not 0, and all", bars(groups))


_MOST = 12  # layers


def _kept(outcome: WeightOutcome) -> Bar:
    kept = outcome.weights - outcome.zeros
    return Bar("not 0", kept, f"{kept:,} ({percent(kept, outcome.weights)})")


def _all(outcome: WeightOutcome) -> Bar:
    return Bar("all", outcome.weights, f"{outcome.weights:,}", is_pale=True)
