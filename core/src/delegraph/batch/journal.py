"""What was done so far, kept beside the output, so that a command that was interrupted goes on.

A line of JSON for each file; the first says of what. A line that is cut off, by a killed process or a full
disk, is left out. The journal of another model, other settings or other files begins anew.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import numpy as np

from ..errors import InputError
from ..file import make_folder
from ..text import escaped
from .job import Item, Job, Result

_KIND = "delegraph journal 1"


class Journal:
    """Results in a file beside the output; a context manager, which leaves the file to who comes next.

    :param path: of the output; the journal's own name ends in ``.partial``
    :raises InputError: another file has the journal's name, or it cannot be written
    """

    def __init__(self, path: str, job: Job, items: Iterable[Item], version: str) -> None:
        self.path = Path(f"{path}.partial")
        self._begins = _line({"kind": _KIND, "of": _digest(job, items, version)})
        self._places: dict[int, int] = {}  # of each result's line, by number
        self._file = self._opened()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        if not self._places:
            self.remove()  # there is nothing to go on from
        with suppress(OSError):  # of a full disk, which ``add`` has told
            self._file.close()

    @property
    def done(self) -> set[int]:
        """Numbers of the files that there is a result of."""
        return set(self._places)

    def add(self, results: Iterable[Result]) -> None:
        """Write results at the end.

        :raises InputError: it cannot be written
        """
        with self._said():
            self._file.seek(0, os.SEEK_END)
            for result in results:
                self._places[result.number] = self._file.tell()
                self._file.write(_line(_as_json(result)))
            self._file.flush()

    def results(self) -> Iterator[Result]:
        """Yield all results in the order of their numbers."""
        for number in sorted(self._places):
            self._file.seek(self._places[number])
            yield _result(json.loads(self._file.readline()))

    def remove(self) -> None:
        """Take the journal away: the output is written."""
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except OSError as e:
            raise InputError(f"{escaped(self.path)} cannot be written: {e.strerror or e}") from e

    def _opened(self) -> BinaryIO:
        with self._said():
            return self._read() if self.path.exists() else self._new()

    def _new(self) -> BinaryIO:
        make_folder(self.path.parent)
        file = open(self.path, "w+b")  # noqa: SIM115
        file.write(self._begins)
        return file

    def _read(self) -> BinaryIO:
        file = open(self.path, "r+b")  # noqa: SIM115
        first = file.readline()
        if not first.startswith(_line({"kind": _KIND})[:-2]):
            file.close()
            raise InputError(f"{escaped(self.path)} is needed for what is done so far, and is another file")
        if first != self._begins:
            file.close()
            return self._new()
        at = file.tell()
        while (line := file.readline()).endswith(b"\n"):
            self._places[json.loads(line)["number"]] = at
            at = file.tell()
        file.truncate(at)  # without a line that was cut off
        return file


def _line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _digest(job: Job, items: Iterable[Item], version: str) -> str:
    """Return what stands for a model's content, the settings, and the files with their sizes and times."""
    found = hashlib.sha256(f"{version}\n{job!r}\n".encode("utf-8", "backslashreplace"))
    with open(job.model, "rb") as file:
        while part := file.read(1 << 20):
            found.update(part)
    for item in items:
        found.update(
            f"{item.file}\n{item.truth!r}\n{_state(item.file)}\n".encode("utf-8", "backslashreplace")
        )
    return found.hexdigest()


def _state(file: str) -> tuple[int, int] | None:
    try:
        about = os.stat(file)
    except (OSError, ValueError):
        return None
    return about.st_size, about.st_mtime_ns


def _as_json(result: Result) -> dict[str, Any]:
    values = attrs.asdict(result, recurse=False)
    return {**values, "outputs": {name: _packed(array) for name, array in result.outputs.items()}}


def _result(values: dict[str, Any]) -> Result:
    lists = {name: tuple(values[name]) for name in ("records", "warnings", "notices")}
    arrays = {name: _unpacked(text) for name, text in values["outputs"].items()}
    return Result(**{**values, **lists, "outputs": arrays})


def _packed(array: np.ndarray) -> str:
    file = io.BytesIO()
    plain = array.astype(np.bytes_) if array.dtype.hasobject else array
    np.lib.format.write_array(file, plain, allow_pickle=False)
    return base64.b85encode(file.getvalue()).decode()


def _unpacked(text: str) -> np.ndarray:
    found: np.ndarray = np.lib.format.read_array(io.BytesIO(base64.b85decode(text)), allow_pickle=False)
    return found
