"""How large the cache may grow: the entries that nobody used for the longest time go first.

Other processes may read, write and prune the same directory: an entry is read as a whole and replaced as a
whole, so one that goes while it is in use is only made anew by whoever wants it next.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import IO

from delegraph import frozen

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_ENTRY = r"[0-9a-f]{64}\.cache"
_UNFINISHED = r"[0-9a-f]{64}\.\w+\.tmp"  # of a process that was killed while it wrote
_DAY = 86_400.0  # seconds


@frozen
class EntryFile:
    """An entry's file."""

    path: Path
    nbytes: int
    used: float  # seconds since 1970: when it was written or last read


def stored(directory: Path, magic: bytes) -> list[EntryFile]:
    """Return the entries of a directory, the one that was used last first.

    :param magic: how the file of an entry begins: whatever else lies there is not ours.
    """
    found = [one for one in _files(directory, _ENTRY) if _begins_with(one.path, magic)]
    return sorted(found, key=lambda one: -one.used)


def prune(directory: Path, magic: bytes, limit: int, keep: Path) -> None:
    """Remove entries until all of them take ``limit`` bytes at most; ``keep`` stays in any case."""
    remove_unfinished(directory)
    left = limit - sum(one.nbytes for one in _files(directory, _UNFINISHED))
    for one in sorted(stored(directory, magic), key=lambda one: one.path != keep):
        left -= one.nbytes
        if left < 0 and one.path != keep:
            _remove(one.path)


def hold(file: IO[bytes]) -> None:
    """Mark a file as one that a living process writes; the mark goes with the process."""
    if fcntl is not None:
        with contextlib.suppress(OSError):  # a file system that has no locks: see ``_is_left``
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def remove_unfinished(directory: Path) -> None:
    """Remove what processes left that were killed while they wrote."""
    for one in _files(directory, _UNFINISHED):
        if _is_left(one):
            _remove(one.path)


def _is_left(one: EntryFile) -> bool:
    """Say whether nobody writes a file any more: it is not held, or a day old."""
    if one.used < time() - _DAY:
        return True
    if fcntl is None or not one.nbytes:  # an empty one may be held in a moment
        return False
    try:
        with open(one.path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def used_now(path: Path) -> None:
    """Note that an entry was read; in a directory that is only read there is nothing to note."""
    with contextlib.suppress(OSError):
        os.utime(path)


def _files(directory: Path, name: str) -> Iterator[EntryFile]:
    """Yield the plain files of such a name; those that go at this moment are left out."""
    try:
        with os.scandir(directory) as found:
            paths = [Path(one.path) for one in found if re.fullmatch(name, one.name)]
    except OSError:
        return
    for path in paths:
        with contextlib.suppress(OSError):
            about = path.lstat()
            if stat.S_ISREG(about.st_mode):
                yield EntryFile(path, about.st_size, about.st_mtime)


def _begins_with(path: Path, magic: bytes) -> bool:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(len(magic)) == magic
    except OSError:
        return False


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # another process was quicker, or has it open (Windows)
        path.unlink()
