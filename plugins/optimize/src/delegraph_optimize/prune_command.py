"""``delegraph prune``: weights become zeros."""

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
    print_form,
    tell,
    with_options,
)
from .data_option import paths_of
from .report_command import FILE, OUT, progress_bar, training_bar

if TYPE_CHECKING:
    from delegraph import Model

    from .compress import CompressedModel
    from .pruning import PruningConstraint

_OPTIONS = (
    click.option("-o", "--output", "out", type=OUT, help="The .tflite file to write."),
    click.option(
        "--sparsity", type=float, help="The share of zeros, from 0 to less than 1. Without it: 0.5."
    ),
    click.option(
        "--pattern",
        default="unstructured",
        show_default=True,
        help="Where zeros are: unstructured; block:HxW, H units and W inputs; M:N, M of N inputs, as 2:4.",
    ),
    click.option(
        "--per",
        type=click.Choice(["layer", "model"]),
        help="Whose share it is. Without it: with --data the model's, if the pattern is not M:N and no "
        "channels go.",
    ),
    click.option("--rules", type=FILE, help="A TOML file: something else for some layers."),
    click.option("--sparse", is_flag=True, help="Store sparse tensors, where that takes fewer bytes."),
    click.option(
        "--structured", is_flag=True, help="Take out whole channels: smaller and faster everywhere."
    ),
    click.option("--keep-order", is_flag=True, help="Of M:N: leave all channels where they are."),
    click.option(
        "--significand",
        type=click.IntRange(4, 24),
        help="Round weights to so many significant bits: compresses better. Without it: with --data 16.",
    ),
    click.option("--scan", is_flag=True, help="Write no model: say what each layer costs, on --data."),
    click.option("--plot", type=OUT, help="Of a scan: draw it to an .svg file."),
    *SAMPLES,
    *TRAINING,
    click.option(
        "--schedule",
        type=click.Choice(["one-shot", "polynomial", "constant"]),
        default="one-shot",
        show_default=True,
        help="Of --train: prune on the samples first and train what stays; or the share of zeros grows, or "
        "is there at once, by size.",
    ),
    click.option(
        "--begin", type=float, default=0.0, show_default=True, help="Of the others: share of the steps."
    ),
    click.option("--end", type=float, default=0.75, show_default=True, help="Of the others: the same."),
    click.option(
        "--frequency", type=int, default=10, show_default=True, help="Of the others: steps between choices."
    ),
    *TOLD,
)  # fmt: skip


@click.command()
@click.argument("model", type=FILE)
@with_options(_OPTIONS)
@bounded_command
@form_options(**FORMS)
def prune(
    model: str,
    out: str | None,
    scan: bool,
    plot: str | None,
    html: str | None,
    train: bool,
    as_json: bool,
    as_csv: bool,
    **settings: Any,
) -> None:
    """Make a share of the weights zero, and say what became of each layer.

    Without --data the smallest weights of each layer go. With samples (no labels), those go that the others
    can make up for, and the others do.
    """
    from .pruning import prune as pruned

    training = {n: settings.pop(n) for n in (*TRAINED, *_SCHEDULE)}
    check_training(train, training)
    form = "json" if as_json else "csv" if as_csv else ""
    if scan:
        of_pruning = {f"--{n.replace('_', '-')}": settings.pop(n) for n in _OF_MODELS}
        _check_scan({"-o/--output": out, "--html": html, "--train": train, **of_pruning}, settings["data"])
        _scan(model, plot, form, **settings)
        return
    if out is None:
        raise click.UsageError("-o/--output is needed: the .tflite file to write")
    if plot is not None:
        raise click.UsageError("--plot is of a scan: give --scan")
    read = [model, *paths_of(settings["data"]), *([settings["rules"]] if settings["rules"] else [])]
    read += [training["labels"]] if training["labels"] else []
    check_outputs((out, html), read)
    if train:
        found = _trained(model, settings, training)
    else:
        with progress_bar() as progress:
            found = pruned(model, progress=lambda done, of: progress("pruning", done, of), **settings)
    tell(found, model, out, html, read, form)


_OF_MODELS = ("keep_order", "per", "rules", "significand", "sparse", "structured")
_SCHEDULE = ("schedule", "begin", "end", "frequency")


def _trained(model: str, settings: dict[str, Any], training: dict[str, Any]) -> CompressedModel:
    """Prune a model, and train what stays; or prune it while it is trained."""
    from .compress.significand import OF_SAMPLES
    from .pruning import prune as pruned
    from .pruning import pruning_constraints
    from .train_compressed import train_compressed

    schedule = {n: training.pop(n) for n in _SCHEDULE}
    is_gradual = schedule["schedule"] != "one-shot"
    asked = {n: settings.pop(n) for n in ("sparsity", "pattern", "rules")}
    one_shot = {n: settings.pop(n) for n in ("per", "engine", "structured", "keep_order")}
    stored = {n: settings.pop(n) for n in ("sparse", "significand")}
    if is_gradual and (one_shot["per"] or one_shot["structured"] or one_shot["engine"] != "reference"):
        raise click.UsageError("--per, --structured and --engine go with --schedule one-shot")
    if not is_gradual:
        schedule = {"schedule": "kept"}

    def constraints(begun: Model | CompressedModel) -> dict[int | str, PruningConstraint]:
        if one_shot["structured"]:
            return {}
        return pruning_constraints(begun, signature=training["signature"], **asked, **schedule)

    with training_bar("pruning") as (layers, steps):
        return train_compressed(
            model,
            one_shot=lambda some: pruned(
                model, data=some, seed=settings["seed"], progress=layers, **asked, **one_shot, **stored
            ),
            constraints=constraints,
            is_gradual=is_gradual,
            sparse=stored["sparse"],
            significand=stored["significand"] or OF_SAMPLES,
            progress=steps,
            **settings,
            **training,
        )


def _check_scan(of_pruning: dict[str, Any], data: str | None) -> None:
    for name, value in of_pruning.items():
        if value:
            raise click.UsageError(f"--scan writes no model: {name} is for pruning")
    if data is None:
        raise click.UsageError("--scan needs samples: --data")


def _scan(model: str, plot: str | None, form: str, sparsity: float | None, **settings: Any) -> None:
    from delegraph import echo, write_file

    from .pruning import scan
    from .pruning.scan import SPARSITIES
    from .pruning.scan_text import lines
    from .pruning.scan_text import plot as drawn

    read = [model, *paths_of(settings["data"])]
    check_outputs([plot], read)
    tried = SPARSITIES if sparsity is None else (sparsity,)
    with progress_bar() as progress:
        found = scan(
            model, sparsities=tried, progress=lambda done, of: progress("scanning", done, of), **settings
        )
    if plot:
        write_file(plot, drawn(found).encode(), read)
    if form:
        print_form(form, found.to_json(), lines(found))
    else:
        echo(str(found))
