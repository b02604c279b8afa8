"""What became of a model's weights as a table for people."""

from __future__ import annotations

from delegraph import bytes_text, escaped, report_table
from delegraph import report_text as laid_out
from rich.console import Group, RenderableType
from rich.text import Text

from ..report.text import shortened
from ..report.training_view import epoch_table, sentences
from .report import CompressionReport, WeightOutcome


def compression_text(report: CompressionReport, width: int | None = None) -> str:
    """Return the report as plain text, as wide as the terminal if no width is given."""
    return laid_out(_rendered(report), width)


def _rendered(report: CompressionReport) -> RenderableType:
    table = report_table(">", "op", "weights>", "zeros>", "values>", "became", "why not", "output")
    several = len({o.subgraph for o in report.outcomes}) > 1
    for outcome in report.outcomes:
        table.add_row(*map(Text, cells(outcome, several)))
    lines = [Text(line) for line in (*report.notes, summary(report))]
    return Group(*_training(report), table, Text(), *lines)


def _training(report: CompressionReport) -> list[RenderableType]:
    """Return the epochs of the training, where there was one."""
    if report.training is None:
        return []
    told = map(Text, sentences(report.training))
    return [epoch_table(report.training), Text(), *told, Text()]


def cells(outcome: WeightOutcome, several: bool) -> tuple[str, ...]:
    """Return a row of the table."""
    return (
        f"{outcome.subgraph}:{outcome.index}" if several else f"{outcome.index}",
        outcome.op,
        f"{outcome.weights:,}",
        percent(outcome.zeros, outcome.weights),
        _values(outcome),
        ", ".join(filter(None, (outcome.done, outcome.stored))),
        outcome.reason,
        shortened(escaped(outcome.name)),
    )


def _values(outcome: WeightOutcome) -> str:
    """Return how many values the weights have; where each unit has few of its own, how many it has."""
    few = 4 * outcome.channel_values < outcome.values
    return f"{outcome.values:,}" + (f", {outcome.channel_values:,} a channel" if few else "")


def percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f} %"


def summary(report: CompressionReport) -> str:
    """Return what was done and what it saves in a sentence."""
    done = f"{len(report.changed)} of {len(report.outcomes)} layers"
    zeros = f"{percent(report.zeros, report.weights)} of {report.weights:,} weights are 0"
    on_disk = _sizes(report.bytes_before, report.bytes_after)
    packed = _sizes(report.compressed_before, report.compressed_after)
    return f"{report.asked}: {done}; {zeros}; {on_disk}, compressed {packed}"


def _sizes(before: int, after: int) -> str:
    return f"{bytes_text(before)} → {bytes_text(after)} ({100 * after / max(before, 1):.0f} %)"
