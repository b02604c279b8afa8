"""Files that the command line writes: all of a file or nothing of it, and never over what was read."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ..errors import InputError
from ..kinds import check_kind, check_path, several

Name = str | os.PathLike[str]


def write_file(path: Name, data: bytes, read: Iterable[Name] = ()) -> None:
    """Write a file as :func:`output_file` does."""
    check_kind("data", data, (bytes, bytearray, memoryview), "bytes")
    with output_file(path, read) as file:
        file.write(data)


@contextmanager
def output_file(path: Name, read: Iterable[Name] = ()) -> Iterator[BinaryIO]:
    """Give a file to write to, which appears under its name when it is complete.

    Until then, and after an error, what was there stays as it was. A link stays one: the file that it
    points to is replaced. What is no regular file (a device, a pipe) is written to as it is, and so is what
    the process has as its standard output or standard error: ``/dev/stdout``.

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
    elif not os.access(os.path.dirname(os.path.realpath(path)), os.W_OK):
        raise InputError(f"{name!r} cannot be written: needs a folder that can be written to")


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
    try:
        with open(partial, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # a full disk may show only here
        with suppress(OSError):
            os.chmod(partial, stat.S_IMODE(target.stat().st_mode))
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
