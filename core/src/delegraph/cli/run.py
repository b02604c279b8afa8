"""``delegraph run MODEL``: run a model on files, and show what it says."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import perf_counter
from typing import TYPE_CHECKING

import attrs
import click
import numpy as np

from ..errors import InputError
from ..file import Labels, ModelLabels, OutputLabels, check_output, member_names, output_file, read_labels
from ..file.reader import MAX_TENSOR_BYTES
from ..model import HANDLES, Model
from ..numbers import real_from_stored
from ..run import Interface
from ..text import shape_text
from .common import budget_options, delegate_options, model_argument, tensor_limit
from .inputs import files_of, input_options, read, tell, thread_option
from .tables import number_text, show, table, time_text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_NUMBERS = "fiub"  # kinds of dtypes
FEW = 8  # an output of at most so many values is shown whole


@click.command()
@model_argument
@input_options
@delegate_options
@budget_options
@click.option(
    "--labels", type=click.Path(exists=True, dir_okay=False), help="Names of classes, one a line."
)
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="Classes to show.")
@click.option("--output", type=click.Path(dir_okay=False), help="Save the outputs by name as .npz.")
@thread_option
def run(
    model: str,
    given: tuple[str, ...],
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
    signature: str | None,
    delegates: list[str],
    options: dict[str, dict[str, str]],
    budget: dict[str, int],
    labels: str | None,
    top: int,
    output: str | None,
    num_threads: int | None,
) -> None:
    """Run MODEL on files, and show what it says.

    Give a file for each input: --input photo.jpg, or --input NAME=FILE where there are several. Images are
    resized to the input, and their pixels scaled as --mean and --std, the model's metadata or its
    quantization say.
    """
    from ..file import read_model
    from ..report.plan_text import render
    from ..report.prepared_model import PreparedModel
    from ..run import described, interface_of, planned
    from .session import interpreter

    names = read_labels(labels) if labels else None
    files = [model, *([labels] if labels else []), *files_of(given)]
    if output:
        check_output(output, files)
    start = perf_counter()
    loaded = read_model(model, max_tensor_bytes=tensor_limit(budget))
    reading = perf_counter() - start
    interface = described(interface_of(loaded, signature), loaded)
    inputs = read(interface, given, mean, std, budget)
    start = perf_counter()
    with interpreter(loaded, delegates, options, num_threads, **budget) as opened:
        running = PreparedModel(opened, interface, inputs)
        times = {"load": reading + perf_counter() - start}
        times["prepare"] = _seconds(running.prepare)
        times["run"] = _seconds(running.invoke)
        results = running.outputs()
        plan = opened.plan
        interface = _without_handles(planned(interface, plan))
    results = {a.name: results[a.name] for a in interface.outputs}
    if output:
        save(results, output, files)
    show((*_report(loaded, interface, results, names, top), render(plan), _times_text(times)))


def _without_handles(interface: Interface) -> Interface:
    """Return an interface without outputs that are names of variables and tables: they have no values."""
    outputs = tuple(a for a in interface.outputs if a.tensor.dtype not in HANDLES)
    return attrs.evolve(interface, outputs=outputs)


def save(arrays: Mapping[str, np.ndarray], path: str, read: Iterable[str] = ()) -> None:
    """Write arrays to an .npz file by name, all or nothing: the file appears when it is complete.

    The names are those of :func:`member_names`: ``model/scores`` becomes ``model_scores``.

    :param read: files that must not be overwritten.
    :raises InputError: it cannot be written there, or is one of them.
    """
    names = member_names(arrays)
    with output_file(path, read) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            # Not numpy.savez: an output may be called "file", as its first parameter is.
            with archive.open(f"{names[name]}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, _without_objects(array), allow_pickle=False)


def _without_objects(array: np.ndarray) -> np.ndarray:
    """Return strings as numpy's own bytes: a file of Python objects could not be read back safely.

    :raises InputError: they would be too large, since each takes as much as the longest.
    """
    if array.dtype.kind != "O":
        return array
    longest = max(map(len, array.flat), default=0)
    if longest * array.size > MAX_TENSOR_BYTES:
        raise InputError(f"{array.size} strings of up to {longest} bytes are too large for an .npz file")
    return array.astype(np.bytes_)


def _report(
    model: Model, interface: Interface, results: Mapping[str, np.ndarray], names: Labels | None, top: int
) -> Iterator[RenderableType]:
    """Yield a table of all outputs, then the top classes of each output that has class scores."""
    yield _outputs_table(interface, results)
    named = None if names is None else _output_of(names, results)
    of_model = ModelLabels(model)
    for a in interface.outputs:
        labels = of_model.of(a.metadata) if names is None else OutputLabels()
        if a.name == named:
            labels = OutputLabels(names)
        real = real_from_stored(results[a.name], a.tensor)
        title = "" if len(results) == 1 else f" of {a.name}"
        if (labels.axis is not None and real.dtype.kind in _NUMBERS) or _looks_like_scores(real):
            yield _classes_table(f"class{title}>", real, labels.axis or {}, top)
        elif labels.value is not None and real.dtype.kind in "fiu":
            yield _values_table(f"value{title}>", real, labels.value, top)


def _output_of(names: Labels, results: Mapping[str, np.ndarray]) -> str | None:
    """Return which output the labels of --labels are for: one with as many scores, else the only one."""
    lists = {n: a for n, a in results.items() if a.size == max(a.shape, default=0) and a.size > 1}
    scores = {n: a.size for n, a in lists.items() if a.dtype.kind in _NUMBERS}
    for name, size in scores.items():
        if size == len(names):
            return name
    if len(scores) == 1:
        (name,) = scores
        tell(f"output {name!r} has {scores[name]} classes, but there are {len(names)} labels")
        return name
    tell(f"the {len(names)} labels are not used: no output has as many classes")
    return None


def _looks_like_scores(real: np.ndarray) -> bool:
    """Say whether an output is a list of probabilities."""
    if real.dtype.kind != "f" or real.size < 2 or real.size != max(real.shape):
        return False
    # Quantized probabilities are rounded to 1/256 each: their sum strays.
    return bool(real.min() >= 0 and abs(float(real.sum(dtype=np.float64)) - 1) < 0.05)


def _outputs_table(interface: Interface, results: Mapping[str, np.ndarray]) -> Table:
    found = table("output", "shape", "type", "min>", "max>", "mean>", "values")
    for a in interface.outputs:
        real = real_from_stored(results[a.name], a.tensor)
        found.add_row(a.name, shape_text(real.shape), a.tensor.dtype, *_statistics(real), _values(real))
    if not any(a.size <= FEW for a in results.values()):
        found.columns.pop()
    return found


def _statistics(real: np.ndarray) -> tuple[str, str, str]:
    if real.dtype.kind not in _NUMBERS or not real.size:
        return "", "", ""
    low, high = real.min().item(), real.max().item()
    return number_text(low), number_text(high), number_text(float(real.mean(dtype=np.float64)))


def _values(real: np.ndarray) -> str:
    if real.size > FEW:
        return ""
    return " ".join(
        v.decode(errors="replace") if isinstance(v, bytes) else number_text(v)
        for v in real.ravel().tolist()
    )


def _classes_table(head: str, real: np.ndarray, names: Labels, top: int) -> Table:
    scores = real.ravel()
    best = np.argsort(-scores.astype(np.float64), kind="stable")[:top]  # of equal scores the first counts
    within_one = bool(scores.size) and 0 <= scores.min() <= scores.max() <= 1
    score_text = "{:.4f}".format if within_one else number_text
    found = table(head, "score>", *(["label"] if names else []))
    for i in best.tolist():
        found.add_row(str(i), score_text(scores[i].item()), *([names.get(i, "")] if names else []))
    return found


def _values_table(head: str, real: np.ndarray, names: Labels, top: int) -> Table:
    found = table(head, "label")
    for value in real.ravel()[:top].tolist():
        found.add_row(number_text(value), names.get(round(value), ""))
    return found


def _times_text(times: Mapping[str, float]) -> str:
    return " · ".join(f"{what} {time_text(seconds)}" for what, seconds in times.items())


def _seconds(function: Callable[[], None]) -> float:
    start = perf_counter()
    function()
    return perf_counter() - start
