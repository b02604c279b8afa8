"""``delegraph train``: a model trained, with quantization or in floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from delegraph import form_options

from .bounds import bounded_command
from .compress_command import AUGMENT, held_back_option
from .data_option import needed_data_option, paths_of
from .report_command import FILE, OUT, numbers, training_bar

if TYPE_CHECKING:
    from .train import Trained


def _bits(ctx: click.Context, parameter: click.Parameter, text: str) -> tuple[int, int]:
    """Read ``4,8``."""
    parts = text.split(",")
    if len(parts) != 2 or not all(p.strip().isdecimal() for p in parts):
        raise click.BadParameter(f"needs two whole numbers with a comma between them, found {text!r}")
    return int(parts[0]), int(parts[1])


_OPTIONS = (
    click.option("-o", "--output", "out", type=OUT, required=True, help="The .tflite file to write."),
    needed_data_option,
    click.option(
        "--labels", type=FILE, help="What is wanted of each sample: .npy, .npz, or a text of classes."
    ),
    click.option(
        "--teacher",
        type=FILE,
        help="A model of floats: what it gives is wanted. Without it: the model itself.",
    ),
    click.option(
        "--bits",
        metavar="W,A",
        default="8,8",
        show_default=True,
        callback=_bits,
        help="Of weights (2 to 8) and of activations (2 to 16).",
    ),
    click.option("--float", "in_floats", is_flag=True, help="Train a model of floats, without integers."),
    click.option("--epochs", type=click.IntRange(min=1), default=3, show_default=True),
    click.option("--batch", type=click.IntRange(min=1), default=32, show_default=True),
    click.option(
        "--lr",
        type=click.FloatRange(min=0, min_open=True),
        help="How far weights go in a step, as a share of their size. Without it: 0.0002; of fewer than 8 "
        "bits, 0.001.",
    ),
    click.option(
        "--loss",
        metavar="L",
        help="distill: what the model of floats gives; cross-entropy; mse; or PYTHON:FUNCTION. Without it: "
        "cross-entropy with labels, distill without.",
    ),
    AUGMENT,
    click.option("--seed", type=int, default=0, show_default=True, help="Of all that is drawn by chance."),
    held_back_option(
        "Share of the samples to judge by; the last epoch is kept unless another is surely better."
    ),
    click.option(
        "--ranges",
        type=click.Choice(["learned", "observed", "fixed"]),
        default="learned",
        show_default=True,
        help="Of activations: by gradient, as moving averages, or as calibration has them.",
    ),
    click.option(
        "--live-norm",
        is_flag=True,
        help="Batch normalization behind convolutions has the statistics of each batch.",
    ),
    click.option(
        "--method",
        type=click.Choice(["minmax", "average", "percentile", "mse", "entropy", "best"]),
        help="How ranges begin. Without it: as quantize has it.",
    ),
    click.option(
        "--effort",
        type=click.Choice(["fast", "normal", "best"]),
        default="normal",
        show_default=True,
        help="How weights of 4 bits and biases begin: as quantize has it.",
    ),
    click.option(
        "--equalize/--no-equalize",
        default=None,
        help="Begin with channels of neighbouring weights equal in size.",
    ),
    click.option("--target", metavar="A,B", help="Delegates that will run it. Without it: LiteRT."),
    click.option("--signature", metavar="KEY", help="Whose subgraph to train. Without it: the main one."),
    click.option("--rules", type=FILE, help="A TOML file: other schemes for some ops."),
    click.option("--calibration", type=FILE, help="A saved one: where ranges begin."),
    click.option("--samples", type=click.IntRange(min=1), help="Use so many at most."),
    click.option("--mean", metavar="M[,M,M]", callback=numbers, help="Of images: real = (pixel - M) / S."),
    click.option("--std", metavar="S[,S,S]", callback=numbers, help="S of the same."),
    click.option(
        "--processes",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="That share each batch.",
    ),
    click.option("--checkpoint", type=OUT, help="A file to go on from, written after each epoch."),
    click.option("--resume", is_flag=True, help="Go on from the checkpoint."),
    click.option("--html", type=OUT, help="Write a page with the curves to a file."),
)

_READ = ("labels", "teacher", "calibration", "rules")


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("model", type=FILE)
@_with_options
@bounded_command
@form_options(
    json="Print the epochs, and what became of each op, as JSON.", csv="Print a line for each epoch as CSV."
)
def train(
    model: str,
    out: str,
    bits: tuple[int, int],
    in_floats: bool,
    html: str | None,
    as_json: bool,
    as_csv: bool,
    **settings: Any,
) -> None:
    """Train a model with quantization, on samples alone or with labels, and write it as integers.

    It needs PyTorch: pip install "delegraph-optimize[train]".
    """
    from delegraph import check_output, echo, echo_csv, echo_json, escaped

    from .train import train as trained

    read = [model, *paths_of(settings["data"]), *(settings[n] for n in _READ if settings[n])]
    written = [path for path in (settings["checkpoint"], html, out) if path]
    for place, path in enumerate(written):
        check_output(path, [*read, *written[:place]])
    with training_bar() as (_, progress):
        try:
            found = trained(model, bits=None if in_floats else bits, progress=progress, **settings)
        except KeyboardInterrupt:
            if settings["checkpoint"]:
                echo(f"{escaped(settings['checkpoint'])} has the last epoch: --resume goes on", err=True)
            raise
    read += [settings["checkpoint"]] if settings["checkpoint"] else []
    if html:
        _write_page(html, found, model, read)
        read.append(html)
    found.write(out, read)
    if as_json:
        plan = {} if found.plan is None else {"plan": found.plan.to_json()}
        echo_json({"file": out, **found.to_json(), **plan})
    elif as_csv:
        lines = found.lines()
        echo_csv(tuple(lines[0]), lines)
    else:
        echo(str(found))
        _tell_plan(found)


def _tell_plan(found: Trained) -> None:
    """Say which delegates of the target take what, where one was named."""
    from delegraph import echo

    from .target import compilers_tables

    if found.plan is not None and found.wished is not None:
        for told in (str(found.plan), *(f"\n{t}" for t in compilers_tables(found.plan, found.wished))):
            echo(told)


def _write_page(path: str, found: Trained, model: str, read: list[str]) -> None:
    from delegraph import write_file

    write_file(path, found.to_html(f"{model}, trained").encode(), read)
