"""``delegraph evaluate MODEL DATA``: how good a model's answers are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError
from ..text import escaped, plural
from ..values import evolve
from .common import form_options, model_argument
from .echo import echo, echo_csv, echo_json
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
from .tables import show, table

if TYPE_CHECKING:
    from ..answers import AnswerSettings
    from ..batch import Item, Job
    from ..batch.metrics import Metric
    from ..file import Labels

_FILE = click.Path(exists=True, dir_okay=False)


@click.command()
@model_argument
@click.argument("data")
@click.option("--metric", metavar="A,B", help="top1, top5, …; map; iou; agreement. Else what DATA is for.")
@click.option("--against", type=_FILE, metavar="MODEL", help="The model that agreement is with.")
@click.option("--images", type=click.Path(file_okay=False), help="The files of COCO's annotations.")
@form_options(json="Print the values as JSON.", csv="Print the values as CSV.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write them as JSON to a file, too.")
@model_run_options(has_short_option=False)
@many_options
def evaluate(
    model: str,
    data: str,
    metric: str | None,
    against: str | None,
    images: str | None,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    how: ModelRun,
    workers: int | None,
    ray: str | None,
    batch_size: int,
) -> None:
    """Say how good MODEL's answers on DATA are.

    DATA is a folder with a folder for each class, or a .csv of files and classes (top1, top5); a .json of
    boxes as COCO writes it (map); a folder with images/ and masks/, or a .csv of both (iou); or files as
    predict takes them, on which MODEL is compared with another (agreement, --against).

    Classes are numbers, or labels of the model (--labels). Files that fail are listed and not counted, and
    the command ends with 1. Going on after an interruption needs -o: without it,
    the same command begins anew.
    """
    from ..batch.metrics import metric_of
    from ..file import check_output

    names = [name.strip() for name in metric.split(",")] if metric else _metrics_for(data, against)
    rows = [metric_of(name) for name in names]
    if len({row.judge for row in rows}) != 1:
        raise click.UsageError(f"metrics of one kind go together, found {escaped(', '.join(names))}")
    read = [model, data, *([against] if against else []), *how.files]
    if output:
        check_output(output, read)
    how = evolve(how, asked=_asked(rows[0], how.asked))
    job = how.job(model, judge=rows[0].judge)
    labels = how.asked.labels or _labels_of(model)
    items = _items(rows[0], data, images, labels)
    if rows[0].truth == "model":
        items = _with_other(items, job, against)
    with kept_beside(output, job, items) as journal:
        done = done_with_progress(job, items, where_of(workers, ray, batch_size), journal)
        tell_notices(done.results(), tell)
        failed = tell_failures(done.results())
        judged = [r.judged for r in done.results() if r.error is None]
        if not judged:
            raise InputError(f"none of {plural(failed, 'file')} could be judged")
        values = _values(names, judged)
        report = {"model": model, "data": data, "files": len(judged), "failed": failed, "metrics": values}
        if output:
            _write(output, report, read)
    if as_csv:
        echo_csv(("metric", "value"), ({"metric": k, "value": v} for k, v in values.items()))
    elif as_json:
        from ..report.records import plain

        echo_json(plain(report))
    else:
        _show(values, len(judged), labels)
    if failed:
        click.get_current_context().exit(1)


def _metrics_for(data: str, against: str | None) -> list[str]:
    """Return the metrics that data of a kind are for."""
    if against:
        return ["agreement"]
    if data.lower().endswith(".json"):
        return ["map"]
    if os.path.isdir(os.path.join(data, "masks")) and os.path.isdir(os.path.join(data, "images")):
        return ["iou"]
    return ["top1", "top5"]


def _asked(metric: Metric, settings: AnswerSettings) -> AnswerSettings:
    """Return what is asked of answers: the task of the metric, and its own threshold."""
    context = click.get_current_context()
    given = context.get_parameter_source("threshold") is click.core.ParameterSource.COMMANDLINE
    threshold = settings.threshold if given else metric.threshold
    task = None if settings.task == "audio" else metric.task  # a sound is classified, too
    return evolve(settings, task=task or settings.task, threshold=threshold)


def _labels_of(model: str) -> Labels | None:
    """Return the labels that a model carries of its first output that has any."""
    from ..file import ModelLabels, read_model, tensor_metadata

    loaded = read_model(model)
    carried = ModelLabels(loaded)
    found = (carried.of(about) for about in tensor_metadata(loaded)[1])
    return next((labels for one in found for labels in (one.axis, one.value) if labels), None)


def _items(metric: Metric, data: str, images: str | None, labels: Labels | None) -> list[Item]:
    from ..batch import truths

    readers: dict[str, Callable[..., list[Item]]] = {
        "class": truths.classes,
        "mask": truths.masks,
        "boxes": partial(truths.boxes, images=images),
        "model": truths.others,
    }
    return readers[metric.truth](data, labels, tell)


def _with_other(items: Sequence[Item], job: Job, against: str | None) -> list[Item]:
    from ..batch.agreement import Other

    if against is None:
        raise click.UsageError("agreement needs the other model: --against MODEL")
    other = evolve(job, model=os.path.abspath(against), judge=None)
    return [evolve(item, truth=Other(item.file, other)) for item in items]


def _values(names: Sequence[str], judged: Sequence[Any]) -> dict[str, float]:
    from ..batch.metrics import metric_of, shares_of_ranks

    found: dict[str, float] = {}
    for name in names:
        is_top = name.startswith("top")
        found |= shares_of_ranks(name, judged) if is_top else metric_of(name).total(judged)
    return found


def _write(output: str, report: Mapping[str, Any], read: Sequence[str]) -> None:
    from ..file import write_file
    from ..report.records import plain

    write_file(output, json.dumps(plain(report), indent=1).encode() + b"\n", read)
    tell(f"{escaped(output)} written")


def _show(values: Mapping[str, float], count: int, labels: Labels | None) -> None:
    shown = table("metric", "value>", "label")
    for name, value in values.items():
        kind = name.rpartition(" of ")[2] if " of " in name else ""
        shown.add_row(name, f"{value:.4f}", (labels or {}).get(int(kind), "") if kind else "")
    show((shown, f"of {plural(count, 'file')}"))
    echo()
