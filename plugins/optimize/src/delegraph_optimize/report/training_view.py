"""The epochs of a training as a table, as sentences and as curves."""

from __future__ import annotations

from delegraph import report_table
from rich.table import Table

from .charts import COLORS, lines
from .page import figure
from .training import Epoch, TrainingHistory


def epoch_table(history: TrainingHistory) -> Table:
    """Return a line for each epoch; a star is beside the one that is kept."""
    heads = ["epoch", "loss>", *(["held back>"] if history.has_held else [])]
    heads += [f"{history.metric}>"] if history.metric else []
    table = report_table(*heads, "seconds>")
    for e in history.epochs:
        cells = [f"{e.number}{_sign(history, e)}", _number(e.loss)]
        cells += [_number(e.held_loss)] if history.has_held else []
        cells += [f"{100 * e.metric:.2f} %"] if history.metric else []
        table.add_row(*cells, f"{e.seconds:.1f}")
    return table


def sentences(history: TrainingHistory) -> list[str]:
    """Return what the table does not say."""
    found = [*history.notes, f"loss: {history.loss}; {_told_of_best(history)}"]
    if not all(e.counts for e in history.epochs):
        found.append(
            "- is an epoch after which weights were not yet what they have to be: it cannot be kept"
        )
    return found


def figures(history: TrainingHistory) -> list[str]:
    """Return the curves of loss and metric, marked where the model is that was kept."""
    epochs, kept = history.epochs, (history.kept_epoch, "kept")
    losses = [("loss", COLORS[0], [(e.number, e.loss) for e in epochs])]
    about, judges = f"{history.loss}; blue: trained on", "trained on"
    if history.has_held:
        losses.append(("held back", COLORS[1], [(e.number, e.held_loss) for e in epochs]))
        about, judges = f"{about}, orange: held back", "held back"
    found = [figure("Loss", about, lines(losses, "epoch", "loss", kept))]
    if history.metric:
        curve = [(history.metric, COLORS[2], [(e.number, 100 * e.metric) for e in epochs])]
        found.append(figure(history.metric, f"of the samples {judges}", lines(curve, "epoch", "%", kept)))
    return found


def _sign(history: TrainingHistory, epoch: Epoch) -> str:
    return " *" if epoch.number == history.kept_epoch else "" if epoch.counts else " -"


def _told_of_best(history: TrainingHistory) -> str:
    if history.kept_epoch or len(history.epochs) < 2:
        return "* is the epoch that is kept"
    judges = "held back" if history.has_held else "trained on"
    return f"training made it worse on the samples {judges}: the model before training (*) is kept"


def _number(value: float) -> str:
    return "" if value != value else f"{value:.4g}"
