"""What predict and evaluate share: options of a job on many files, its progress, and what failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import DelegraphError
from ..log import logger
from ..text import escaped, plural
from .echo import echo
from .inputs import tell

if TYPE_CHECKING:
    from ..batch import Finished, Item, Job, Journal, Result, Where

F = TypeVar("F", bound=Callable[..., Any])
MOST_ERRORS = 20  # that are printed; the output has all


def many_options(command: F) -> F:
    """Add --workers, --ray and --batch-size."""
    options = (
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            help="Processes, each with the model opened once. Without it: 1, and with --delegates auto one "
            "for each processor that has 64 files to work on.",
        ),
        click.option("--ray", metavar="ADDRESS", help="Run on a Ray cluster: its address, auto, or local."),
        click.option(
            "--batch-size",
            type=click.IntRange(min=1),
            default=8,
            show_default=True,
            help="Files that a process gets at once; a model with an open batch runs them together.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def where_of(workers: int | None, ray: str | None, batch_size: int) -> Where:
    """Return what :func:`many_options` say."""
    from ..batch import Where

    return Where(workers, ray, batch_size)


@contextmanager
def kept_beside(output: str | None, job: Job, items: Sequence[Item]) -> Iterator[Journal | None]:
    """Give a journal beside an output that is a file; it is removed when all went well.

    After an error or an interruption it stays, and the same command goes on from it.
    """
    from .. import __version__
    from ..batch import Journal
    from ..file import is_replaced

    if output is None or not is_replaced(output):
        try:
            yield None
        except KeyboardInterrupt:
            echo("what is done is lost: with -o FILE the same command would go on", err=True)
            raise
        return
    with Journal(output, job, items, __version__) as journal:
        try:
            yield journal
        except BaseException as e:
            if len(journal.done) == len(items) and isinstance(e, DelegraphError):
                journal.remove()  # all was done, and it is the answer that is wrong
            elif journal.done:
                done = f"{len(journal.done)} of {plural(len(items), 'file')}"
                echo(f"{done} are kept in {escaped(journal.path)}; the same command goes on", err=True)
            raise
        journal.remove()


def done_with_progress(job: Job, items: Sequence[Item], where: Where, journal: Journal | None) -> Finished:
    """Do a job on files, with a bar while it takes long."""
    from ..batch import run_job

    resumed = len(journal.done) if journal is not None else 0
    if resumed:
        tell(f"{plural(resumed, 'file')} of {len(items)} are done already; the rest follows")
    with progress_of(len(items), resumed) as move:
        return run_job(job, items, where, journal, move)


@contextmanager
def progress_of(total: int, done: int) -> Iterator[Callable[[Result], None]]:
    """Give a function that is called for each file that is done: it moves a bar on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = Console(stderr=True)
    if not screen.is_terminal or not logger.isEnabledFor(logging.WARNING):
        yield (
            lambda result: None
        )  # a bar that is turned off prints an empty line, in older versions of rich
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("files", total=total, completed=done, failed="")
        failed = 0

        def move(result: Result) -> None:
            nonlocal failed
            failed += result.error is not None
            bar.update(task, advance=1, failed=f"{failed} failed" if failed else "")

        yield move


def tell_notices(results: Iterator[Result], notice: Callable[[str], None]) -> None:
    """Say what was done to the first file that could be read: it is done to all."""
    for result in results:
        if result.error is None:
            for sentence in result.notices:
                notice(sentence)
            return


def tell_failures(results: Iterator[Result]) -> int:
    """Print what failed, and warn of values that are no numbers; return how many files failed."""
    failed = 0
    for result in results:
        for sentence in result.warnings:
            logger.warning("%s: %s", escaped(result.file), sentence)
        if result.error is not None:
            failed += 1
            if failed <= MOST_ERRORS:
                echo(f"error: {escaped(result.file)}: {result.error}", err=True)
    if failed > MOST_ERRORS:
        echo(f"error: {plural(failed - MOST_ERRORS, 'more file')} failed", err=True)
    return failed
