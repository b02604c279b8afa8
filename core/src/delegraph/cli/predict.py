"""``delegraph predict MODEL FILES -o OUT``: run a model on many files, and write what it says to one."""

from __future__ import annotations

import click

from ..errors import InputError
from ..text import escaped, plural
from .common import form_options, model_argument
from .echo import echo, echo_json
from .inputs import tell
from .many import (
    done_with_progress,
    kept_beside,
    many_options,
    tell_failures,
    tell_notices,
    where_of,
)
from .model_run import ModelRun, model_run_options


@click.command()
@model_argument
@click.argument("data", metavar="FOLDER|PATTERN|LIST", nargs=-1, required=True)
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False), help="A .csv, .parquet or .npz."
)
@click.option("--format", "form", type=click.Choice(["csv", "parquet", "npz"]), help="Else as -o ends.")
@form_options(json="Print what was written and what failed as JSON.")
@model_run_options(has_short_option=False)
@many_options
def predict(
    model: str,
    data: tuple[str, ...],
    output: str,
    form: str | None,
    as_json: bool,
    how: ModelRun,
    workers: int | None,
    ray: str | None,
    batch_size: int,
) -> None:
    """Run MODEL on many files, and write what it says to one.

    Files are those of a folder, of a pattern (photos/**/*.jpg), or of a list: .txt with one a line, or .csv
    whose first column names them. A .csv and a .parquet have a line for each class, box, share or keypoint;
    an .npz has the outputs as the model stores them.

    A file that fails is listed, and has its error in the output; the rest is done, and the command ends
    with 1. After an interruption the same command goes on where it stopped.
    """
    from ..batch import Item
    from ..batch.files import listed_files
    from ..batch.written import format_of, written
    from ..file import check_output

    files = [file for one in data for file in listed_files(one)]
    read = [model, *files, *data, *how.files]
    form = form or format_of(output)
    check_output(output, read)
    job = how.job(model, keeps_outputs=form == "npz")
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
