"""Which runs files and folders stand for."""

from __future__ import annotations

import csv
import glob
import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError, InputNotFound
from ..run import Interface

_LISTS = (".txt", ".csv")
_HEADINGS = ("file", "path", "filename", "image")


def runs_of(interface: Interface, given: Sequence[str]) -> list[tuple[str, ...]]:
    """Return what each run is given: with one input a run per file, and per file of a folder.

    A model with several inputs has one run; a folder of .npz files, which have all inputs, is one for each.

    :raises InputError: a folder has no file
    """
    if len(interface.inputs) == 1:
        return [(one,) for text in given for one in _expanded(interface, text)] or [()]
    if len(given) == 1 and os.path.isdir(given[0]):
        return [(str(path),) for path in files_below(given[0])]
    return [tuple(given)]


def listed_files(data: str) -> list[str]:
    """Return the files that a folder, a pattern, a list (.txt, or .csv) or a name stands for.

    :raises InputError: there are none
    """
    path = Path(data)
    if path.is_dir():
        return [str(p) for p in files_below(data)]
    if path.is_file() and path.suffix.lower() in _LISTS:
        return [file for file, *_ in rows_of(path)]
    if path.exists():
        return [data]
    found = sorted(p for p in glob.glob(data, recursive=True) if os.path.isfile(p))
    if not found:
        raise InputNotFound(f"no file, folder, list or pattern with files {data!r}")
    return found


def rows_of(path: Path) -> list[list[str]]:
    """Return the rows of a list: the first cell names a file, from the list's folder on; no heading.

    A first row is a heading if its first cell is ``file``, ``path``, ``filename`` or ``image``.

    :raises InputError: it cannot be read, or is empty
    """
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            is_csv = path.suffix.lower() == ".csv"
            rows = list(csv.reader(file)) if is_csv else [[line.rstrip("\r\n")] for line in file]
    except (OSError, csv.Error) as e:
        raise InputError(f"list {str(path)!r} cannot be read: {e}") from e
    rows = [row for row in rows if row and row[0].strip()]
    if rows and is_csv and rows[0][0].strip().lower() in _HEADINGS:
        del rows[0]
    if not rows:
        raise InputError(f"list {str(path)!r} names no file")
    return [[str(path.parent / row[0]), *row[1:]] for row in rows]


def files_below(folder: str) -> list[Path]:
    """Return the files of a folder and of those in it, by name; hidden ones are left out.

    :raises InputError: there is none
    """
    top = Path(folder)
    found = (p for p in top.rglob("*") if not any(n.startswith(".") for n in p.relative_to(top).parts))
    files = sorted(p for p in found if p.is_file())
    if not files:
        raise InputError(f"folder {folder!r} has no file")
    return files


def _expanded(interface: Interface, text: str) -> list[str]:
    """Return a text, or one for each file of the folder that it names."""
    if os.path.isdir(text):
        return [str(path) for path in files_below(text)]
    for name in (interface.inputs[0].name, interface.inputs[0].tensor.name):
        folder = text[len(name) + 1 :]
        if text.startswith(f"{name}=") and os.path.isdir(folder):
            return [f"{name}={path}" for path in files_below(folder)]
    return [text]
