"""Which runs files and folders stand for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from ..run import Interface


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
