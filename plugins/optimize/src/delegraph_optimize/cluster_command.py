"""``delegraph cluster``: weights share a few values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from delegraph import form_options

from .bounds import bounded_command
from .compress_command import (
    FORMS,
    SAMPLES,
    TOLD,
    TRAINED,
    TRAINING,
    check_outputs,
    check_training,
    tell,
    with_options,
)
from .data_option import paths_of
from .report_command import FILE, OUT, progress_bar, training_bar

if TYPE_CHECKING:
    from .compress import CompressedModel

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
    *TRAINING,
    *TOLD,
)


@click.command()
@click.argument("model", type=FILE)
@with_options(_OPTIONS)
@bounded_command
@form_options(**FORMS)
def cluster(
    model: str, out: str, html: str | None, train: bool, as_json: bool, as_csv: bool, **settings: Any
) -> None:
    """Let the weights of each layer share a few values, and say what became of each layer.

    The file is as large as before, and compresses well. With --data (no labels) the values are such that
    the layers compute what they did.
    """
    from .clustering import cluster as clustered

    read = [model, *paths_of(settings["data"]), *([settings["rules"]] if settings["rules"] else [])]
    training = {n: settings.pop(n) for n in TRAINED}
    check_training(train, training)
    read += [training["labels"]] if training["labels"] else []
    check_outputs((out, html), read)
    if train:
        found = _trained(model, settings, training)
    else:
        with progress_bar() as progress:
            found = clustered(model, progress=lambda done, of: progress("clustering", done, of), **settings)
    tell(found, model, out, html, read, "json" if as_json else "csv" if as_csv else "")


def _trained(model: str, settings: dict[str, Any], training: dict[str, Any]) -> CompressedModel:
    """Cluster a model on samples, and train the values."""
    from .clustering import cluster as clustered
    from .clustering import clustering_constraints
    from .train_compressed import train_compressed

    asked = {n: settings.pop(n) for n in ("clusters", "per", "init", "keep_zeros", "rules")}
    engine, seed = settings.pop("engine"), settings["seed"]
    with training_bar("clustering") as (layers, steps):
        return train_compressed(
            model,
            one_shot=lambda some: clustered(
                model, data=some, engine=engine, seed=seed, progress=layers, **asked
            ),
            constraints=lambda begun: clustering_constraints(
                begun, seed=seed, signature=training["signature"], **asked
            ),
            progress=steps,
            **settings,
            **training,
        )
