"""Results as a file: .csv, .parquet or .npz, whole or not at all."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import InputError
from ..file import member_names, output_file
from ..report.records import csv_text
from .job import VALUE_COLUMNS, Result, columns_of

_TEXTS = ("file", "output", "label", "name", "error")
_OWN = ("files", "errors")  # of an .npz
_WHOLE = ("class", "box", "object", "point", "pixels", "index")


def written(path: str, form: str, results: Callable[[], Iterable[Result]], read: Sequence[str]) -> None:
    """Write results to a file of a format: ``csv``, ``parquet`` or ``npz``.

    :param results: called for each pass over them
    :param read: files that must not be overwritten
    :raises InputError: it cannot be written, or a package is not there
    """
    with output_file(path, read) as file:
        FORMATS[form](file, results)


def format_of(path: str) -> str:
    """Return the format that an output's name ends in.

    :raises InputError: it is none of the formats
    """
    ending = Path(path).suffix.lower()
    if ending[1:] not in FORMATS:
        names = ", ".join(f".{form}" for form in FORMATS)
        raise InputError(f"{path!r} needs a name that ends in {names}, found {ending!r}; or --format")
    return ending[1:]


def lines_of(task: str, results: Iterable[Result]) -> Iterator[dict[str, Any]]:
    """Yield the lines of a table: at least one for each file, which has its error if there is one."""
    for result in results:
        error = result.error
        if error is None and result.task != task:
            error = f"it gives {result.task}, others {task}: --task says one for all"
        records = result.records if error is None else ()
        yield from ({"file": result.file, **record} for record in records)
        if not records:
            yield {"file": result.file, "error": error}


def _columns(results: Iterable[Result]) -> tuple[str, tuple[str, ...]]:
    task = next((r.task for r in results if r.task is not None), None)
    if task is None:
        return "", ("file", "error")
    return task, columns_of(task)


def _csv(file: BinaryIO, results: Callable[[], Iterable[Result]]) -> None:
    task, columns = _columns(results())
    file.write(csv_text(columns, ()).encode())
    for line in lines_of(task, results()):
        file.write(csv_text(columns, [line], head=False).encode())


def _parquet(file: BinaryIO, results: Callable[[], Iterable[Result]]) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as e:
        raise InputError(
            'writing .parquet needs pyarrow, which is not installed; pip install "delegraph[parquet]"'
        ) from e
    task, columns = _columns(results())
    lines = list(lines_of(task, results()))
    kinds = {c: pyarrow.string() if c in _TEXTS else pyarrow.float64() for c in columns}
    kinds |= {c: pyarrow.int64() for c in columns if c in _WHOLE}
    found = {c: [_cell(line.get(c)) for line in lines] for c in columns}
    if columns[1:-1] == VALUE_COLUMNS and any(isinstance(v, str) for v in found["value"]):
        kinds["value"] = pyarrow.string()
    table = pyarrow.table({c: pyarrow.array(found[c], kinds[c]) for c in columns})
    pyarrow.parquet.write_table(table, file)


def _cell(value: Any) -> Any:
    """Return a text as UTF-8 can hold it: names of files may have bytes that are none."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _npz(file: BinaryIO, results: Callable[[], Iterable[Result]]) -> None:
    """Write each output with a leading axis of files, or apart where their shapes differ."""
    files = np.asarray([_cell(r.file) for r in results()], np.str_)
    errors = np.asarray([_cell(r.error or "") for r in results()], np.str_)
    done = [r for r in results() if r.error is None]
    names = list(dict.fromkeys(name for r in done for name in r.outputs))
    members = member_names([f"{n}_output" if n in _OWN else n for n in names])
    members = dict(zip(names, members.values(), strict=True))
    with zipfile.ZipFile(file, "w") as archive:
        _add(archive, "files", files)
        _add(archive, "errors", errors)
        for name in names:
            for member, array in _stacked(members[name], name, done, len(files)):
                _add(archive, member, array)


def _stacked(
    member: str, name: str, done: Sequence[Result], count: int
) -> Iterator[tuple[str, np.ndarray]]:
    found = [(r.number, r.outputs[name]) for r in done]
    if len({(a.shape, a.dtype.kind) for _, a in found}) != 1:
        yield from ((f"{member}_{number:06}", array) for number, array in found)
        return
    shape = found[0][1].shape
    row = shape[1:] if shape[:1] == (1,) else shape
    whole = np.zeros((count, *row), np.result_type(*(a.dtype for _, a in found)))
    for number, array in found:  # a file that failed has zeros, and its error in "errors"
        whole[number] = array.reshape(row)
    yield member, whole


def _add(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, array, allow_pickle=False)


FORMATS: dict[str, Callable[[BinaryIO, Callable[[], Iterable[Result]]], None]] = {
    "csv": _csv,
    "parquet": _parquet,
    "npz": _npz,
}
