"""``tox -e fuzz -- --minutes 5``: break models, try them on every delegate and command, keep what fails."""

from __future__ import annotations

import random
import sys
from itertools import count as numbers
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "oracle"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from fuzz.campaign import Campaign
from fuzz.findings import seed_of, target_of
from fuzz.targets import TARGETS
from fuzz.trials import Trials

COMMANDS = sorted({t.command for t in TARGETS.values()} - {""})
DELEGATES = sorted({t.delegate for t in TARGETS.values()} - {""} | {"int16"})


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--minutes", type=float, default=5.0, show_default=True, help="How long to go on.")
@click.option("--count", type=int, help="Stop after so many mutants.")
@click.option(
    "--delegate",
    "delegates",
    multiple=True,
    type=click.Choice(DELEGATES),
    help="Only these; may be repeated.",
)
@click.option(
    "--command", "commands", multiple=True, type=click.Choice(COMMANDS), help="Only these; may be repeated."
)
@click.option("--seed", type=int, help="Of the first mutant; another one each time, if not given.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="failing-mutants",
    show_default=True,
    help="Where what fails is kept, as small as it could be made.",
)
@click.option(
    "--again", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Try one kept file again."
)
def main(
    minutes: float,
    count: int | None,
    delegates: tuple[str, ...],
    commands: tuple[str, ...],
    seed: int | None,
    folder: Path,
    again: Path | None,
) -> None:
    """Break models and try them on every delegate and command.

    Of DELEGRAPH_MODELS, if it is set, and of models that are made: of each op, random graphs, control flow,
    strings, variables, blocks, custom ops, signatures, attached files. The exit code is 1 if something was
    found.
    """
    screen = Console(highlight=False)
    if again is not None:
        with Trials() as trials:
            found = trials.outcome(target_of(again), again.read_bytes(), seed_of(again))
        screen.print(f"{found.target}: {found.what} {found.where}\n{found.message}", markup=False)
        sys.exit(found.is_finding)
    first = random.SystemRandom().randrange(10**9) if seed is None else seed
    screen.print(f"seed {first}")
    with Campaign(first, folder, delegates, commands) as campaign:
        _run(campaign, screen, minutes, count)
    show(campaign, screen)
    sys.exit(bool(campaign.findings.first))


def _run(campaign: Campaign, screen: Console, minutes: float, count: int | None) -> None:
    end = monotonic() + 60 * minutes
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("fuzzing", total=60 * minutes)
        for done in numbers(1):
            campaign.one()
            text = f"{done} mutants, {campaign.trials} trials, {len(campaign.findings.first)} findings"
            bar.update(task, description=text, completed=60 * minutes - (end - monotonic()))
            if done == count or monotonic() > end:
                break


def show(campaign: Campaign, screen: Console) -> None:
    """Print what was tried and what was found."""
    screen.print(campaign.table())
    if campaign.findings.first:
        screen.print(campaign.findings_table())
        screen.print(f"kept in {campaign.findings.folder}", markup=False)


if __name__ == "__main__":
    main()
