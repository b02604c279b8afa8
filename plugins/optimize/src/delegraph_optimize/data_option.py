"""``--data``: a path, or SIGNATURE=PATH, once for each signature of a model that has several."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import click

Data = str | dict[str, str]


def data_of(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> Data | None:
    """Return the path, or paths by signature; None if none was given."""
    named = {v.partition("=")[0]: v.partition("=")[2] for v in values if "=" in v and not os.path.exists(v)}
    if len(values) > 1 and len(named) < len(values):
        raise click.BadParameter("several need SIGNATURE=PATH each, and a signature once")
    return named or (values[0] if values else None)


def paths_of(data: Any) -> list[str]:
    """Return the paths that are read."""
    return list(data.values()) if isinstance(data, dict) else [data] if data else []


def data_option_of(required: bool) -> Callable[[Any], Any]:
    """Return the option."""
    return click.option(
        "--data",
        metavar="PATH",
        multiple=True,
        required=required,
        callback=data_of,
        help="Samples: a folder, or an .npy or .npz file of several. SIGNATURE=PATH, once for each, where "
        "a model has several.",
    )


data_option, needed_data_option = data_option_of(False), data_option_of(True)
