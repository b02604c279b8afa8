"""What commands write besides what they print: a page, and a folder of node data for Model Explorer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from ..text import escaped, shortened
from .echo import echo

F = TypeVar("F", bound=Callable[..., Any])


def report_options(command: F) -> F:
    """Add --html and --model-explorer."""
    page = click.option(
        "--html", type=click.Path(dir_okay=False), help="Write a page to look at to a file."
    )
    nodes = click.option(
        "--model-explorer",
        type=click.Path(file_okay=False),
        help="Write node data for Model Explorer to a folder.",
    )
    return page(nodes(command))


def check_page(path: str | None, read: Sequence[str]) -> None:
    """Find out before the work is done that a page could not be written."""
    if path is not None:
        from ..file import check_output

        check_output(path, read)


def page_name(model: str) -> str:
    """Return what a page calls a model: the name of its file."""
    return shortened(escaped(os.path.basename(model)), 200)


def write_page(path: str | None, text: Callable[[], str], read: Sequence[str]) -> None:
    """Write a page, if one is wanted."""
    if path is not None:
        from ..file import write_file

        write_file(path, text().encode(), read)
        echo(f"{escaped(path)} written", err=True)


def write_node_data(
    folder: str | None, model: str, files: Callable[[], Mapping[str, Any]], read: Sequence[str]
) -> None:
    """Write node data, a file for each thing that it shows, if it is wanted; say how to look at it."""
    if folder is None:
        return
    from ..file import make_folder, write_file

    stem = os.path.splitext(os.path.basename(model))[0]
    make_folder(folder)
    paths = []
    for name, values in files().items():
        path = os.path.join(folder, f"{stem}_{name.replace(' ', '_')}.json")
        write_file(path, json.dumps(values, indent=1).encode(), read)
        paths.append(path)
    if paths:
        echo(f"{', '.join(map(escaped, paths))} written", err=True)
    else:
        echo(f"{escaped(folder)} has no node data: nothing is known of any op", err=True)
