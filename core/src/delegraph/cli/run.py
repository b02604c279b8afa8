"""``delegraph run MODEL``: run a model on files, and show what it says."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from ..errors import InputError
from ..file import check_output, member_names, output_file
from ..file.reader import MAX_TENSOR_BYTES
from ..log import logger
from ..numbers import real_from_stored
from ..run import Interface
from ..text import escaped, number_text, shape_text, time_text
from .common import (
    form_options,
    model_argument,
    tensor_limit,
)
from .echo import echo, echo_json
from .inputs import files_of, input_option, tell
from .model_run import ModelRun, model_run_options
from .tables import show, table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ..answers import AnswerSettings, Said
    from ..batch import OpenedModel, Sample

_NUMBERS = "fiub"  # kinds of dtypes
FEW = 8  # an output of at most so many values is shown whole


@click.command()
@model_argument
@input_option
@model_run_options(has_short_option=True)
@click.option(
    "--draw", type=click.Path(), help="Draw the answer over the input: a .png; of several, a folder."
)
@form_options(json="Print all as JSON.", csv="Print the answers as CSV.")
@click.option("--output", type=click.Path(dir_okay=False), help="Save the outputs by name as .npz.")
def run(
    model: str,
    given: tuple[str, ...],
    how: ModelRun,
    draw: str | None,
    as_json: bool,
    as_csv: bool,
    output: str | None,
) -> None:
    """Run MODEL on files, and show what it says.

    Give a file for each input: --input photo.jpg, or --input NAME=FILE where there are several. A model
    with one input takes several files, and folders. Images are resized to the input, their pixels scaled
    as --mean and --std, the model's metadata or its quantization say; sounds are resampled.
    """
    from ..batch.files import runs_of
    from ..file import read_model
    from ..run import interface_of

    files = [model, *how.files, *files_of(given)]
    start = perf_counter()
    loaded = read_model(model, max_tensor_bytes=tensor_limit(how.budget))
    runs = runs_of(interface_of(loaded, how.signature), given)
    files += [file for one in runs for file in files_of(one)]
    _check_outputs(output, draw, runs, files)
    first = Answers(loaded.source, output, draw, files, len(runs) > 1, as_json, as_csv)
    with how.opened(loaded) as opened:
        first.times["load"] = perf_counter() - start
        for number, one in enumerate(runs):
            first.add(opened, one, tell if number == 0 else _quiet)
        first.end(opened)
    if first.failed:
        click.get_current_context().exit(1)


class Answers:
    """The answers of a command, printed as they come or at the end."""

    def __init__(
        self,
        model: str,
        output: str | None,
        draw: str | None,
        files: Sequence[str],
        several: bool,
        as_json: bool,
        as_csv: bool,
    ) -> None:
        self.times: dict[str, float] = {}
        self.failed = 0
        self._model, self._output, self._draw, self._files = model, output, draw, files
        self._several, self._as_json, self._as_csv = several, as_json, as_csv
        self._results: list[dict[str, Any]] = []
        self._columns: tuple[str, ...] | None = None
        self._parts = 0

    def add(self, opened: OpenedModel, given: Sequence[str], notice: Callable[[str], None]) -> None:
        """Run the model on one sample and report it; of several, one that fails is told and left out."""
        try:
            sample = opened.sample(given, notice)
        except InputError as e:
            if not self._several:
                raise
            self.failed += 1
            echo(f"error: {e}", err=True)
            return
        start = perf_counter()
        opened.prepare(sample.arrays)
        prepared = perf_counter()
        stored = opened.run_sample(sample)
        self.times.setdefault("prepare", prepared - start)
        self.times["run"] = self.times.get("run", 0.0) + perf_counter() - prepared
        self._report(opened, sample, stored, " ".join(given), notice)

    def end(self, opened: OpenedModel) -> None:
        """Report what ran where, and the time."""
        from ..report.plan_text import render, to_json

        if self._as_json:
            plan = to_json(opened.plan)
            echo_json({"model": self._model, "results": self._results, "plan": plan, "seconds": self.times})
        elif not self._as_csv:
            self._show((render(opened.plan), _times_text(self.times)))

    def _report(
        self,
        opened: OpenedModel,
        sample: Sample,
        stored: Mapping[str, np.ndarray],
        name: str,
        notice: Callable[[str], None],
    ) -> None:
        from ..answers import answer, unread_boxes, warnings_of
        from .said import how_known, said_json

        seen = opened.seen(sample, stored)
        warnings = list(warnings_of(seen))
        for sentence in warnings:
            logger.warning("%s%s", f"{escaped(name)}: " if self._several else "", sentence)
        said = answer(seen)
        unread = None if said else unread_boxes(seen)
        for note in (how_known(said), unread, _labels_note(said, seen.settings)):
            if note:
                notice(note)
        if self._output:
            save(stored, self._output, self._files)
        if self._draw:
            _drawn(sample, said, _place(self._draw, name, self._several), self._files)
        if self._as_json:
            outputs = [_output_json(a.name, stored[a.name], a.tensor) for a in seen.interface.outputs]
            about = {"input": name, "answers": said_json(said), "outputs": outputs, "warnings": warnings}
            self._results.append(about)
        elif self._as_csv:
            self._print_csv(said, name)
        else:
            self._print(seen.interface, stored, said, name)

    def _print(
        self, interface: Interface, stored: Mapping[str, np.ndarray], said: Sequence[Said], name: str
    ) -> None:
        from .said import said_tables

        if self._several:
            self._show((escaped(name),))
        self._show((_outputs_table(interface, stored), *said_tables(said)))

    def _print_csv(self, said: Sequence[Said], name: str) -> None:
        from .said import columns_of, said_csv

        if not said:
            raise InputError(
                "--csv needs classes, boxes, a mask or keypoints, and the outputs are none of these; "
                "--task says what they are, --json and --output take any"
            )
        columns = columns_of(said[0].task)
        if self._columns not in (None, columns):
            raise InputError(
                f"--csv needs one task for all files; {name!r} gives {said[0].task}: see --task"
            )
        echo(said_csv(said, name, head=self._columns is None).rstrip("\n"))
        self._columns = columns

    def _show(self, parts: Iterable[RenderableType]) -> None:
        if self._parts:
            echo()
        self._parts += 1
        show(parts)


def _quiet(sentence: str) -> None:
    """Say nothing: what was done to the first file is done to all."""


def _check_outputs(
    output: str | None, draw: str | None, runs: Sequence[Sequence[str]], files: Sequence[str]
) -> None:
    if output and len(runs) > 1:
        raise click.UsageError(
            "--output saves one run; delegraph predict MODEL FOLDER -o OUT.npz saves many"
        )
    if output:
        check_output(output, files)
    if draw and len(runs) > 1:
        if Path(draw).suffix:
            raise click.UsageError(f"--draw of several inputs needs a folder, found {escaped(draw)}")
        places = [_place(draw, " ".join(one), True) for one in runs]
        for twice in {p for p in places if places.count(p) > 1}:
            raise click.UsageError(f"two inputs would be drawn as {escaped(twice)}")
    for one in runs if draw else ():
        check_output(_place(draw or "", " ".join(one), len(runs) > 1), files)


def _place(draw: str, name: str, several: bool) -> str:
    return str(Path(draw) / f"{Path(name).stem}.png") if several else draw


def _drawn(sample: Sample, said: Sequence[Said], path: str, files: Sequence[str]) -> None:
    from ..answers.pictures import picture_of

    picture = picture_of(sample.looked_at, said)
    with output_file(path, files) as file:
        picture.save(file, "PNG")
    tell(f"{escaped(path)} written")


def _labels_note(said: Sequence[Said], settings: AnswerSettings) -> str | None:
    """Return what is to be said of labels that do not fit, or None."""
    if settings.labels is None or any(one.task in ("detect", "segment") for one in said):
        return None
    if not any(one.named and one.task in ("classify", "audio") for one in said):
        return f"the {len(settings.labels)} labels are not used: no output has as many classes"
    return None


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


def _outputs_table(interface: Interface, results: Mapping[str, np.ndarray]) -> Table:
    found = table("output", "shape", "type", "min>", "max>", "mean>", "values")
    for a in interface.outputs:
        real = real_from_stored(results[a.name], a.tensor)
        found.add_row(
            a.name, shape_text(real.shape), a.tensor.dtype, *_statistics_text(real), _values(real)
        )
    if not any(a.size <= FEW for a in results.values()):
        found.columns.pop()
    return found


def _output_json(name: str, stored: np.ndarray, tensor: Any) -> dict[str, Any]:
    from ..report.records import plain

    real = real_from_stored(stored, tensor)
    about = {"name": name, "shape": real.shape, "type": tensor.dtype}
    values = {"values": real} if real.size <= FEW else {}
    found: dict[str, Any] = plain({**about, **_statistics(real), **values})
    return found


def _statistics(real: np.ndarray) -> dict[str, Any]:
    if real.dtype.kind not in _NUMBERS or not real.size:
        return {}
    mean = float(real.mean(dtype=np.float64))
    return {"min": real.min().item(), "max": real.max().item(), "mean": mean}


def _statistics_text(real: np.ndarray) -> tuple[str, ...]:
    return tuple(number_text(v) for v in _statistics(real).values()) or ("", "", "")


def _values(real: np.ndarray) -> str:
    if real.size > FEW:
        return ""
    return " ".join(
        v.decode(errors="replace") if isinstance(v, bytes) else number_text(v)
        for v in real.ravel().tolist()
    )


def _times_text(times: Mapping[str, float]) -> str:
    return " · ".join(f"{what} {time_text(seconds)}" for what, seconds in times.items())
