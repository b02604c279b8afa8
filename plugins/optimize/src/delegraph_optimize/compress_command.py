"""What the commands that make weights smaller share: samples, files to write, what is printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from .data_option import data_option
from .report_command import FILE, OUT, names, numbers

if TYPE_CHECKING:
    from .compress import CompressedModel

SAMPLES = (
    data_option,
    click.option("--samples", type=click.IntRange(min=1), help="Use so many at most."),
    click.option("--mean", metavar="M[,M,M]", callback=numbers, help="Of images: real = (pixel - M) / S."),
    click.option("--std", metavar="S[,S,S]", callback=numbers, help="S of the same."),
    click.option(
        "--engine", default="reference", show_default=True, help="The delegate that runs samples."
    ),
)
TOLD = (
    click.option("--seed", type=int, default=0, show_default=True, help="Of all that is drawn by chance."),
    click.option("--html", type=OUT, help="Write a page with charts to a file."),
)
AUGMENT = click.option(
    "--augment",
    metavar="A,B",
    default="",
    callback=names,
    help="How images differ in each epoch: some of mirror, crop, colour. Without it: not at all.",
)


def held_back_option(told: str) -> Callable[[Any], Any]:
    """Return the option; ``told`` is its help."""
    share = click.FloatRange(0, 1, max_open=True)
    return click.option("--held-back", type=share, default=0.1, show_default=True, help=told)


TRAINING = (
    click.option(
        "--train", is_flag=True, help="Do it while the model is trained, on --data. It needs PyTorch."
    ),
    click.option(
        "--labels", type=FILE, help="Of --train: what is wanted. Without it: what the model gives."
    ),
    click.option("--epochs", type=click.IntRange(min=1), default=3, show_default=True, help="Of --train."),
    click.option("--batch", type=click.IntRange(min=1), default=32, show_default=True, help="Of --train."),
    click.option("--lr", type=click.FloatRange(min=0, min_open=True), help="Of --train, as of train."),
    AUGMENT,
    held_back_option(
        "Of --train: share of the samples to judge by; the last epoch is kept unless another, or what it "
        "began with, is surely better."
    ),
    click.option(
        "--signature", metavar="KEY", help="Of --train: whose subgraph. Without it: the main one."
    ),
)
TRAINED = ("labels", "epochs", "batch", "lr", "augment", "held_back", "signature")
FORMS = {
    "json": "Print what became of each layer as JSON.",
    "csv": "Print a line for each layer as CSV.",
}


def with_options(
    options: Iterable[Callable[..., Any]],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add options to a command, the first one first."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(list(options)):
            command = option(command)
        return command

    return add


def check_outputs(paths: Iterable[str | None], read: Sequence[str]) -> None:
    """Check that files can be written, before the work begins."""
    from delegraph import check_output

    for path in paths:
        if path:
            check_output(path, read)


def check_training(train: bool, names: Iterable[str]) -> None:
    """Check what is asked of training, before the work begins.

    :raises click.UsageError: an option of training is given without it
    :raises InputError: PyTorch is not installed
    """
    context = click.get_current_context()
    given = [n for n in names if context.get_parameter_source(n) is ParameterSource.COMMANDLINE]
    if given and not train:
        raise click.UsageError(f"--{given[0].replace('_', '-')} is of training: give --train")
    if train and context.params["data"] is None:
        raise click.UsageError("--train needs samples: --data")
    if train:
        from .train.torch_extra import check_torch

        check_torch()


def tell(
    found: CompressedModel, model: str, out: str, html: str | None, read: Sequence[str], form: str
) -> None:
    """Write a model and its page, and print what became of each layer.

    :param form: json or csv; "": a table for people
    """
    from delegraph import echo, write_file

    from .compress.page import compression_page

    found.write(out, read)
    if html:
        write_file(html, compression_page(found.report, model).encode(), [*read, out])
    if form:
        values = {"file": out, **found.report.to_json()}
        print_form(form, values, values["outcomes"])
    else:
        echo(str(found))


def print_form(form: str, whole: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
    """Print values as JSON, or their lines as CSV."""
    from delegraph import echo_csv, echo_json

    if form == "json":
        echo_json(dict(whole))
    else:
        echo_csv(tuple(lines[0]), lines)
