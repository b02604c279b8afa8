"""``delegraph report``: models measured beside each other."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from delegraph import form_options

from .bounds import bounded_command
from .data_option import data_option, paths_of

if TYPE_CHECKING:
    from .report.measure import Measurement
    from .train import Progress

FILE = click.Path(exists=True, dir_okay=False)
OUT = click.Path(dir_okay=False)


def numbers(ctx: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    """Read ``127.5,127.5,127.5``."""
    try:
        return None if text is None else tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"needs numbers with commas between them, found {text!r}") from None


def names(ctx: click.Context, parameter: click.Parameter, text: str) -> list[str]:
    """Read ``opencl,reference``."""
    return [name.strip() for name in text.split(",") if name.strip()]


@click.command()
@click.argument("models", metavar="MODEL…", type=FILE, nargs=-1, required=True)
@data_option
@click.option("--labels", type=FILE, help="A class for each sample: .npy, .npz, or a text of numbers.")
@click.option("--metric", metavar="PYTHON:FUNCTION", help="A measure of your own, beside the others.")
@click.option("--samples", type=click.IntRange(min=1), help="Use so many at most.")
@click.option("--mean", metavar="M[,M,M]", callback=numbers, help="Of images: real = (pixel - M) / S.")
@click.option("--std", metavar="S[,S,S]", callback=numbers, help="S of the same.")
@click.option("--engine", default="reference", show_default=True, help="The delegate that runs samples.")
@click.option(
    "-d",
    "--delegates",
    metavar="A,B",
    default="reference",
    show_default=True,
    callback=names,
    help="Delegates whose time is measured, each by itself.",
)
@click.option(
    "--runs", type=click.IntRange(min=1), default=10, show_default=True, help="Runs that are timed."
)
@click.option(
    "--layer-samples",
    type=click.IntRange(min=0),
    default=16,
    show_default=True,
    help="Compare the layers on so many samples.",
)
@bounded_command
@form_options(
    json="Print all that was measured as JSON.", csv="Print a line for each model and measure as CSV."
)
@click.option("--html", type=OUT, help="Write a page with charts to a file.")
@click.option(
    "--overlays",
    type=click.Path(file_okay=False),
    help="Write node data for Model Explorer to a folder.",
)
def report(
    models: Sequence[str],
    as_json: bool,
    as_csv: bool,
    html: str | None,
    overlays: str | None,
    **settings: Any,
) -> None:
    """Measure models beside each other; the first is the one of floats.

    Sizes on disk and compressed, time on each delegate; with --data, how often a model gives the class that
    the first gives (and with --labels, the right one), and how far each of its layers is from the same
    layer of the first.
    """
    from delegraph import check_output, echo, echo_csv, echo_json, escaped

    from .report.measure import measure

    read = [*models, *paths_of(settings["data"])]
    read += [settings["labels"]] if settings["labels"] else []
    if html:
        check_output(html, read)
    with progress_bar() as progress:
        found = measure(models, progress=progress, **settings)
    if html:
        _write_page(html, found, read)
    if overlays and not _write_overlays(overlays, models, found, read):
        echo(
            f"{escaped(overlays)} has no node data: no op has weights, none was compared",
            err=True,
        )
        overlays = None
    if as_json:
        from .report.measurement_json import to_json

        echo_json(to_json(found))
        return
    if as_csv:
        from .report.measurement_json import COLUMNS, lines

        echo_csv(COLUMNS, lines(found))
        return
    echo(str(found))
    for path in (html, overlays):
        if path:
            echo(f"{escaped(path)} written", err=True)


def _write_page(path: str, found: Measurement, read: Sequence[str]) -> None:
    from delegraph import write_file

    from .report.page import to_html

    write_file(path, to_html(found).encode(), read)


def _write_overlays(folder: str, models: Sequence[str], found: Measurement, read: Sequence[str]) -> int:
    """Write node data, a file for each model and measure; return how many."""
    from delegraph import read_model, write_file

    from .report.measurement_json import node_data

    count = 0
    for place, (path, measured) in enumerate(zip(models, found.models, strict=True)):
        stem = os.path.splitext(os.path.basename(path))[0]
        for name, values in node_data(read_model(path), measured).items():
            target = os.path.join(folder, f"{place}_{stem}_{name}.json")
            write_file(target, json.dumps(values, indent=1).encode(), read)
            count += 1
    return count


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show what is done, on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=of)
            shown.update(tasks[what], completed=done, total=of)

        yield progress


@contextmanager
def training_bar(what: str = "") -> Iterator[tuple[Callable[[int, int], None], Callable[[Progress], None]]]:
    """Show on a terminal what is done before a training, and its steps with loss, metric and the time left.

    :param what: is done before: "pruning", of so many layers
    """
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),  # as wide as the others leave it
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[left]}"),
    )
    console = Console(stderr=True)
    with Bar(
        *columns, console=console, transient=True, disable=not console.is_terminal, expand=True
    ) as bar:
        task = bar.add_task(what or "preparing", total=None, told="", left="")

        def before(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of, told=f"{done} of {of} layers", left="left")

        def progress(done: Progress) -> None:
            metric = "" if done.metric is None else f", {done.metric_name} {100 * done.metric:.1f} %"
            bar.update(
                task,
                completed=done.step,
                total=done.steps,
                description=f"epoch {done.epoch} of {done.epochs}",
                told=f"loss {done.loss:.4g}{metric}",
                left="left",
            )

        yield before, progress
