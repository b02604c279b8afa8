"""``delegraph quantize --max-drop``, ``--max-size``: which ops to quantize is searched for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .data_option import paths_of
from .report_command import FILE, OUT, progress_bar

if TYPE_CHECKING:
    from .search import SearchResult

OPTIONS = (
    click.option("--max-drop", type=float, help="Search: what --metric may lose, in points of 100."),
    click.option("--max-size", metavar="BYTES|%", help="Search: how large the file may be."),
    click.option(
        "--metric",
        metavar="NAME",
        help="Of a search: top1, agreement (with the model of floats), or module:function.",
    ),
    click.option("--labels", type=FILE, help="Of a search: a class for each sample."),
    click.option("--test", metavar="PATH", help="Of a search: samples to judge on. Without it: --data."),
    click.option(
        "--per", type=click.Choice(["size", "time"]), default="size", show_default=True,
        help="Of a search: what an op's price is.",
    ),
    click.option("--state", type=OUT, help="Of a search: keeps what was tried; else OUT.search.json."),
    click.option("--plot", type=OUT, help="Of a search: draw size and metric to an .svg file."),
)  # fmt: skip
NAMES = ("max_drop", "max_size", "metric", "labels", "test", "per", "state", "plot")


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def is_search(asked: dict[str, Any]) -> bool:
    """Say whether a search is asked for; options of one without a limit are an error."""
    if asked["max_drop"] is not None or asked["max_size"] is not None:
        return True
    given = [n for n in NAMES if asked[n] is not None and n != "per"]
    if given:
        raise click.UsageError(
            f"--{given[0].replace('_', '-')} is of a search: give --max-drop or --max-size"
        )
    return False


def searched(model: str, out: str, asked: dict[str, Any], settings: dict[str, Any]) -> SearchResult:
    """Search, and write the plot."""
    from delegraph import check_output, write_file

    from .search import search_schemes

    named = {n: v for n, v in asked.items() if n not in ("plot", "state")}
    read = [model, *(v for v in (asked["labels"], asked["test"], settings["rules"]) if v)]
    read += paths_of(settings["data"])
    read += [settings["calibration"]] if settings["calibration"] else []
    for path in (out, asked["plot"]):
        if path:
            check_output(path, read)
    state = asked["state"] or f"{out}.search.json"
    with progress_bar() as progress:
        found = search_schemes(
            model, read=[*read, out], state=state, progress=progress, **named, **settings
        )
    if asked["plot"]:
        from .search.found_text import plot

        write_file(asked["plot"], plot(found).encode(), [*read, out, state])
    return found
