"""Files that the command line writes: all of a file or nothing of it, and never over what was read."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO

from ..errors import InputError
from ..kinds import check_kind, check_path, several

Name = str | os.PathLike[str]


# What a command has made that was not there before: files and folders, in this order.
_made: ContextVar[list[Path] | None] = ContextVar("made", default=None)


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Take away the new files and folders of the block if it fails: of a command that writes several."""
    made: list[Path] = []
    token = _made.set(made)
    try:
        yield
    except BaseException:
        _take_away(made)
        raise
    finally:
        _made.reset(token)


def write_file(path: Name, data: bytes, read: Iterable[Name] = (), keep: bool = False) -> None:
    """Write a file as :func:`output_file` does.

    :param keep: also where the command that writes it fails later, for what its next run goes on with.
    """
    check_kind("data", data, (bytes, bytearray, memoryview), "bytes")
    token = _made.set(None) if keep else None
    try:
        with output_file(path, read) as file:
            file.write(data)
    finally:
        if token is not None:
            _made.reset(token)


@contextmanager
def output_file(path: Name, read: Iterable[Name] = ()) -> Iterator[BinaryIO]:
    """Give a file to write to, which appears under its name when it is complete.

    Folders that are missing above it are made. Until then, and after an error, what was there stays as it
    was. A link stays one: the file that it points to is replaced. What is no regular file (a device, a
    pipe) is written to as it is, and so is what the process has as its standard output or standard error:
    ``/dev/stdout``.

    :param read: files of the same command that must not be overwritten: models, inputs. Those that do not
        exist do not matter.
    :raises InputError: the name is that of one of them, by whatever link, or the file cannot be written.
    """
    check_output(path, read)
    try:
        if (stream := _standard_stream(path)) is not None:
            with open(os.dup(stream), "wb") as file:
                yield file
        elif _is_node(path):
            with open(path, "wb") as file:
                yield file
        else:
            with _replacing(Path(os.path.realpath(path))) as file:
                yield file
    except OSError as e:
        raise InputError(f"{os.fspath(path)!r} cannot be written: {e.strerror or e}") from e


def check_output(path: Name, read: Iterable[Name] = ()) -> None:
    """Find out before the work is done, not after it, that its results could not be written.

    :raises InputError: as :func:`output_file`
    """
    check_path("path", path)
    name = os.fspath(path)
    if "\0" in name:
        raise InputError(f"{name!r} cannot be written: no name of a file has a null character")
    for other in several("read", read, (str, os.PathLike), "paths"):
        if is_same_file(path, other):
            raise InputError(
                f"{name!r} would be overwritten, and is read: {os.fspath(other)!r}; choose another name"
            )
    if os.path.isdir(path):
        raise InputError(f"{name!r} cannot be written: it is a folder")
    if _standard_stream(path) is not None:
        return
    if _is_node(path):
        if not os.access(path, os.W_OK):
            raise InputError(f"{name!r} cannot be written: {os.strerror(errno.EACCES)}")
        return
    above = next(p for p in Path(os.path.realpath(path)).parents if os.path.lexists(p))
    if not (above.is_dir() and os.access(above, os.W_OK)):
        raise InputError(f"{name!r} cannot be written: needs a folder that can be written to")


def make_folder(path: Name) -> None:
    """Make a folder, and those above it that are missing.

    :raises InputError: it cannot be made; nothing of it is there then.
    """
    try:
        _made_for_good(_new_folders(Path(path)))
    except OSError as e:
        raise InputError(f"folder {os.fspath(path)!r} cannot be made: {e.strerror or e}") from e


def is_replaced(path: Name) -> bool:
    """Say whether what is written there becomes a file: a device, a pipe or a stream takes it as it is."""
    return _standard_stream(path) is None and not _is_node(path)


def is_same_file(path: Name, other: Name) -> bool:
    """Say whether two names are those of one file that exists, by whatever links."""
    check_path("path", path)
    check_path("other", other)
    try:
        return os.path.samestat(os.stat(path), os.stat(other))
    except (OSError, ValueError):  # one of them does not exist, or cannot be a name
        return False


def _standard_stream(path: Name) -> int | None:
    """Return the descriptor of standard output or error if the path names what it is, by whatever links."""
    for descriptor in (1, 2):
        with suppress(OSError):
            if os.path.samestat(os.stat(path), os.fstat(descriptor)):
                return descriptor
    return None


def _is_node(path: Name) -> bool:
    """Say whether a path leads to something that is no regular file, which cannot be replaced."""
    return os.path.exists(path) and not os.path.isfile(path)


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """Give a new file beside the target, on the same disk, that takes its place at the end."""
    partial = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    is_new = not target.exists()
    folders = _new_folders(target.parent)
    try:
        with open(partial, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # a full disk may show only here
        with suppress(OSError):
            os.chmod(partial, stat.S_IMODE(target.stat().st_mode))
        os.replace(partial, target)
    except BaseException:
        _take_away([*folders, partial])
        raise
    _made_for_good([*folders, *([target] if is_new else ())])


def _new_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; return the new ones, the uppermost first."""
    new = [p for p in (folder, *folder.parents) if not p.exists()][::-1]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except BaseException:
        _take_away(new)
        raise
    return new


def _made_for_good(paths: Iterable[Path]) -> None:
    if (made := _made.get()) is not None:
        made.extend(paths)


def _take_away(paths: Sequence[Path]) -> None:
    for path in reversed(paths):
        with suppress(OSError):  # it is gone, or somebody else has files in it
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
