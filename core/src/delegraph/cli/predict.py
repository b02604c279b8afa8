"""``delegraph predict MODEL FILES -o OUT``: run a model on many files, and write what it says to one."""

from __future__ import annotations

from typing import Any

import click

from ..errors import InputError
from ..text import escaped, plural
from .common import budget_options, delegate_options_without_o, form_options, model_argument
from .echo import echo, echo_json
from .inputs import normalization, rate_option, scaling_options, tell, thread_option
from .many import (
    done_with_progress,
    job_of,
    kept_beside,
    many_options,
    tell_failures,
    tell_notices,
    where_of,
)
from .run import answer_options, asked


@click.command()
@model_argument
@click.argument("data", metavar="FOLDER|PATTERN|LIST", nargs=-1, required=True)
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False), help="A .csv, .parquet or .npz."
)
@click.option("--format", "form", type=click.Choice(["csv", "parquet", "npz"]), help="Else as -o ends.")
@form_options(json="Print what was written and what failed as JSON.")
@scaling_options
@rate_option
@delegate_options_without_o
@budget_options
@answer_options
@many_options
@thread_option
def predict(
    model: str,
    data: tuple[str, ...],
    output: str,
    form: str | None,
    as_json: bool,
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
    fit: str | None,
    sample_rate: int | None,
    signature: str | None,
    delegates: list[str],
    options: dict[str, dict[str, str]],
    budget: dict[str, int],
    workers: int,
    ray: str | None,
    batch_size: int,
    num_threads: int | None,
    **wanted: Any,
) -> None:
    """Run MODEL on many files, and write what it says to one.

    Files are those of a folder, of a pattern (photos/**/*.jpg), or of a list: .txt with one a line, or .csv
    whose first column names them. A .csv and a .parquet have a line for each class, box, share or keypoint;
    an .npz has the outputs as the model stores them.

    A file that fails is listed, and has its error in the output; the rest is done, and the command ends
    with 1. After an interruption the same command goes on where it stopped.
    """
    from ..batch import Item, Reading
    from ..batch.files import listed_files
    from ..batch.written import format_of, written
    from ..file import check_output

    files = [file for one in data for file in listed_files(one)]
    read = [model, *files, *data, *([wanted["labels"]] if wanted["labels"] else [])]
    form = form or format_of(output)
    check_output(output, read)
    job = job_of(
        model,
        delegates,
        options,
        budget,
        signature=signature,
        num_threads=num_threads,
        asked=asked(**wanted),
        reading=Reading(normalization(mean, std), sample_rate, fit),
        keeps_outputs=form == "npz",
    )
    items = [Item(number, file) for number, file in enumerate(files)]
    with kept_beside(output, job, items) as journal:
        done = done_with_progress(job, items, where_of(workers, ray, batch_size), journal)
        tell_notices(done.results(), tell)
        failed = tell_failures(done.results())
        if failed == len(items):
            raise InputError(f"none of {plural(failed, 'file')} could be run; nothing is written")
        written(output, form, done.results, read)
        errors = [{"file": r.file, "error": r.error} for r in done.results() if r.error is not None]
    if as_json:
        echo_json({"model": model, "output": output, "files": len(items), "errors": errors})
    else:
        count = f"{len(items) - failed} of {plural(len(items), 'file')}"
        echo(f"{escaped(output)} written: {count}", err=True)
    if failed:
        click.get_current_context().exit(1)
