"""``delegraph quantize`` and ``delegraph dequantize``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from delegraph import form_options

from .advise.table import help_table
from .advise_command import advise
from .bounds import bounded_command
from .cluster_command import cluster
from .data_option import data_option, paths_of
from .prune_command import prune
from .report_command import numbers, report
from .search_command import NAMES, is_search, searched, with_options
from .train_command import train

if TYPE_CHECKING:
    from .pipeline import Quantized
    from .search import SearchResult

_MODEL = click.Path(exists=True, dir_okay=False)
_OUT = click.Path(dir_okay=False)
_IO = click.Choice(["float", "int8", "uint8", "int16"])


_OPTIONS = (
    click.option("-o", "--output", "out", type=_OUT, required=True, help="The .tflite file to write."),
    click.option(
        "--scheme",
        type=click.Choice(["float16", "dynamic", "weights", "int8", "int16x8"]),
        required=True,
        help="What becomes of weights and activations.",
    ),
    data_option,
    click.option("--samples", type=click.IntRange(min=1), help="Use so many at most."),
    click.option("--mean", metavar="M[,M,M]", callback=numbers, help="Of images: real = (pixel - M) / S."),
    click.option("--std", metavar="S[,S,S]", callback=numbers, help="S of the same."),
    click.option("--target", metavar="A,B", help="Delegates that will run it. Without it: LiteRT."),
    click.option("--inputs", type=_IO, default="float", show_default=True, help="How callers give inputs."),
    click.option("--outputs", type=_IO, help="How callers get outputs. Without it: as --inputs."),
    click.option("--rules", type=_MODEL, help="A TOML file: other schemes for some ops."),
    click.option(
        "--method",
        type=click.Choice(["minmax", "average", "percentile", "mse", "entropy", "best"]),
        help="How ranges come from what the samples showed. Without it: best for int8, else minmax.",
    ),
    click.option(
        "--engine", default="reference", show_default=True, help="The delegate that runs samples."
    ),
    click.option("--calibration", type=_MODEL, help="A saved calibration; with --data, both are merged."),
    click.option("--save-calibration", "saved", type=_OUT, help="Save what the samples showed as .npz."),
    click.option(
        "--weights",
        type=click.Choice(["int8", "int4"]),
        default="int8",
        show_default=True,
        help="Their type.",
    ),
    click.option(
        "--block",
        type=click.Choice(["32", "64", "128", "256"]),
        help="dynamic, int4: values of a FULLY_CONNECTED row that share a scale.",
    ),
    click.option(
        "--sparse",
        is_flag=True,
        help="Store int8 weights of FULLY_CONNECTED without blocks of 1 x 16 zeros (prune --pattern "
        "block:1x16), where that takes fewer bytes.",
    ),
    click.option(
        "--effort",
        type=click.Choice(["fast", "normal", "best"]),
        default="normal",
        show_default=True,
        help="Which of the next three are done, where there are data.",
    ),
    click.option(
        "--equalize/--no-equalize",
        default=None,
        help="Make channels of neighbouring weights equal in size.",
    ),
    click.option(
        "--bias-correction/--no-bias-correction", default=None, help="Keep the mean of sums as it is."
    ),
    click.option(
        "--rounding",
        type=click.Choice(["nearest", "gptq", "adaround", "blocks"]),
        help="How weights become integers.",
    ),
    click.option(
        "--rounding-samples",
        type=click.IntRange(min=1),
        help="How many samples rounding looks at. Without it: 64, or as many as fit in 1 GiB.",
    ),
    click.option("--mirror", is_flag=True, help="Let rounding look at mirror images of the samples, too."),
    click.option(
        "--spare/--no-spare",
        default=None,
        help="int4: keep 8 bits in the first, the last and small products. Without it: at best effort.",
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="Of what rounding looks at."),
)


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command(
    help="Write a smaller model, and say what became of each op and why. Sizes, and how often the class is "
    f"that of floats, are those of the models that the documentation lists.\n\n\b\n{help_table()}"
)
@click.argument("model", type=_MODEL)
@_with_options
@with_options
@bounded_command
@form_options(json="Print what became of each op as JSON.", csv="Print a line for each op as CSV.")
def quantize(
    model: str,
    out: str,
    saved: str | None,
    block: str | None,
    as_json: bool,
    as_csv: bool,
    **settings: Any,
) -> None:
    from .pipeline import quantize as quantized

    asked = {name: settings.pop(name) for name in NAMES}
    settings["block"] = int(block or 0)
    choice = None
    if is_search(asked):
        choice = searched(model, out, asked, settings)
        found = choice.quantized
    else:
        with _progress() as (progress, improving):
            found = quantized(model, progress=progress, improving=improving, **settings)
    given = (settings[name] for name in ("calibration", "rules") if settings[name])
    read = [model, *paths_of(settings["data"]), *given]
    if saved is not None and found.calibration is not None:
        found.calibration.save(saved, read)
        read.append(saved)
    found.write(out, read)
    if as_json or as_csv:
        _print_form(out, found, as_json, choice)
    else:
        _print_all(found, choice)


@click.command()
@click.argument("model", type=_MODEL)
@click.option("-o", "--output", "out", type=_OUT, required=True, help="The .tflite file to write.")
@bounded_command
@form_options(json="Print what became of each op as JSON.", csv="Print a line for each op as CSV.")
def dequantize(model: str, out: str, as_json: bool, as_csv: bool) -> None:
    """Write the float view of a quantized model: what its integers stand for, computed in floats."""
    from .pipeline import dequantize as dequantized

    found = dequantized(model)
    found.write(out, [model])
    if as_json or as_csv:
        _print_form(out, found, as_json)
    else:
        _print_all(found)


@contextmanager
def _progress() -> Iterator[tuple[Callable[[int], None], Callable[[int, int], None]]]:
    """Count the samples and the ops that are done, on a terminal, with the time that is left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} {task.fields[what]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        seen = shown.add_task("calibrating", total=None, what="samples")
        better = shown.add_task("improving", total=None, what="ops", visible=False)
        yield (
            lambda done: shown.update(seen, completed=done),
            lambda done, of: shown.update(better, completed=done, total=of, visible=True),
        )


def _print_all(found: Quantized, choice: SearchResult | None = None) -> None:
    from delegraph import echo

    from .target import compilers_tables

    for part in (choice, found.report, found.plan):
        if part is not None:
            echo(str(part))
    if found.plan is not None and found.wished is not None:
        for table in compilers_tables(found.plan, found.wished):
            echo(f"\n{table}")


def _print_form(out: str, found: Quantized, as_json: bool, choice: SearchResult | None = None) -> None:
    """Print what was done as JSON, else a line for each op as CSV."""
    from attrs import asdict
    from delegraph import echo_csv, echo_json

    if as_json:
        plan = {} if found.plan is None else {"plan": found.plan.to_json()}
        search = {} if choice is None else {"search": choice.to_json()}
        echo_json({"file": out, **found.report.to_json(), **search, **plan})
        return
    columns = ("subgraph", "index", "op", "name", "scheme", "weights", "reason")
    echo_csv(columns, (asdict(o) for o in found.report.outcomes))


COMMANDS = (quantize, dequantize, train, prune, cluster, report, advise)
