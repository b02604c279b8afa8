"""``delegraph cluster``: weights share a few values."""

from __future__ import annotations

from typing import Any

import click
from delegraph import form_options

from .compress_command import FORMS, SAMPLES, TOLD, check_outputs, tell, with_options
from .report_command import FILE, OUT, progress_bar

_OPTIONS = (
    click.option("-o", "--output", "out", type=OUT, required=True, help="The .tflite file to write."),
    click.option(
        "--clusters", type=int, default=16, show_default=True, help="How many values the weights have."
    ),
    click.option(
        "--per",
        type=click.Choice(["tensor", "channel"]),
        default="tensor",
        show_default=True,
        help="Who shares them: all weights of a layer, or those of a unit.",
    ),
    click.option(
        "--init",
        type=click.Choice(["kmeans++", "linear", "density", "random"]),
        default="kmeans++",
        show_default=True,
        help="The values at first.",
    ),
    click.option(
        "--keep-zeros/--no-keep-zeros",
        default=None,
        help="Weights that are 0 stay so. Without it: in layers where at least a tenth are.",
    ),
    click.option("--rules", type=FILE, help="A TOML file: something else for some layers."),
    *SAMPLES,
    *TOLD,
)


@click.command()
@click.argument("model", type=FILE)
@with_options(_OPTIONS)
@form_options(**FORMS)
def cluster(model: str, out: str, html: str | None, as_json: bool, as_csv: bool, **settings: Any) -> None:
    """Let the weights of each layer share a few values, and say what became of each layer.

    The file is as large as before, and compresses well. With --data (no labels) the values are such that
    the layers compute what they did.
    """
    from .clustering import cluster as clustered

    read = [model, *(settings[n] for n in ("data", "rules") if settings[n])]
    check_outputs((out, html), read)
    with progress_bar() as progress:
        found = clustered(model, progress=lambda done, of: progress("clustering", done, of), **settings)
    tell(found, model, out, html, read, "json" if as_json else "csv" if as_csv else "")
