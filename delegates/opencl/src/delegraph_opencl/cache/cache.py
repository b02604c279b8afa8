"""The cache on disk: compiled programs, packed weights and tuned sizes, one file for each partition.

A file is named for everything that its content depends on (see ``digest``), so a stale one is never asked
for, and says that name inside, so one that stands in another's place is made anew. So is one with a
constant of another size than its kernel reads, whatever its table says. Native code is loaded from it:
nobody else may be able to write there. The checksum finds accidents. It is not keyed: whoever can write
here as this user can read whatever key this user could keep.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from delegraph import OptionError, Partition

from ..options import Options
from ..program.target import Target
from .digest import partition_digest, text_digest
from .pruning import hold, prune, remove_unfinished, used_now

MAGIC = b"delegraph-opencl\x00\x01\r\n\x1a\n"
FORMAT = 2  # of what follows it; raised when it changes
_CHECKSUM = struct.Struct("<Q")  # CRC-32 of all that follows: four times as fast as SHA-256
_HEAD = struct.Struct("<QQ")  # bytes of the table and of the parts
_BODY = len(MAGIC) + _CHECKSUM.size  # where what it is the checksum of begins
_PIECE = 1 << 19  # bytes that are read at a time
_ALIGNMENT = 512  # bytes, of a part in the file and in memory: a device may use it where it is
_PROGRAM_BYTES = 16 << 20  # of an op, compiled, at the most
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
logger = logging.getLogger("delegraph")


class Cache:
    """A directory of entries.

    :param limit: bytes that they may take.
    :raises OptionError: others can write to it; the message says what to run.
    """

    def __init__(self, directory: Path, token: str | None, limit: int) -> None:
        self.directory = directory
        self.token = token
        self.limit = limit
        if why := unsafe(directory):
            raise OptionError(f"serialization_dir needs a directory that only you can write to: {why}")
        remove_unfinished(directory)

    @classmethod
    def of(cls, wanted: str, options: Options) -> Cache:
        """Return the cache in a directory, or in the user's for ``auto``."""
        directory = users_directory() if wanted == "auto" else Path(wanted).expanduser()
        return cls(directory, options.model_token, options.serialization_limit << 20)

    def entry(self, partition: Partition, target: Target) -> CacheEntry:
        """Return the entry of a partition: what is stored of it, or an empty one."""
        name = partition_digest(partition, target, self.token, FORMAT)
        return CacheEntry(self.directory / f"{name}.cache", self.limit, _most_bytes(partition))


def users_directory() -> Path:
    """Return the directory that ``serialization_dir="auto"`` means."""
    import platformdirs

    return platformdirs.user_cache_path("delegraph") / "opencl"


class CacheEntry:
    """What is stored of one partition; what it lacks is added, and written by :meth:`store`.

    :param limit: bytes that the entries of its directory may take.
    :param most: bytes that an entry of this partition can have; None: any number.
    """

    def __init__(self, path: Path, limit: int, most: int | None = None) -> None:
        self.path = path
        self._limit = limit
        # Work-group sizes found by measuring, by whatever names them; values that JSON knows.
        self.tuned: dict[str, Any] = {}
        self.content = np.zeros(0, np.uint8)  # of the file: what is stored is a part of it
        self._parts: dict[str, np.ndarray] = {}  # bytes, of the file
        self._added: dict[str, tuple[int, Callable[[], np.ndarray]]] = {}
        self._lacks = False  # something that was asked for
        self._stored_tuned = "{}"
        self._is_lost = _is_full_folder(path)
        if self._is_lost:
            logger.warning("%s is a folder with files in it: what belongs there is not cached", path)
            return
        try:
            self.content, checksum = _content(path, most)
            self._parts, self.tuned = _read(self.content, checksum, path.stem)
        except FileNotFoundError:
            return
        except (OSError, ValueError, MemoryError, RecursionError) as e:
            self._forget(str(e) or "it is too large")
            return
        self._stored_tuned = json.dumps(self.tuned)
        used_now(path)

    def constant(self, key: str, nbytes: int) -> np.ndarray | None:
        """Return the bytes of a packed constant; None if it is not there, or not of this size."""
        found = self._part(f"constant {key}")
        if found is not None and found.nbytes != nbytes:
            self._forget(f"it needs {nbytes:,} bytes for {key}, found {found.nbytes:,}")
            return None
        return found

    def place(self, array: np.ndarray) -> int:
        """Return where in ``content`` a constant begins, in bytes."""
        return _address(array) - _address(self.content)

    def add_constant(self, key: str, nbytes: int, values: Callable[[], np.ndarray]) -> None:
        """Add a packed constant; its values are asked for when they are written."""
        self._added[f"constant {key}"] = nbytes, values

    def binary(self, source: str) -> bytes | None:
        """Return the compiled program of a source; None if it is not there."""
        found = self._part(f"program {text_digest(source)}")
        return None if found is None else found.tobytes()

    def add_binary(self, source: str, binary: bytes) -> None:
        self._added[f"program {text_digest(source)}"] = len(binary), lambda: np.frombuffer(binary, np.uint8)

    @property
    def is_stored(self) -> bool:
        """Whether the file had all that was asked for."""
        return not self._lacks and json.dumps(self.tuned) == self._stored_tuned

    def store(self) -> None:
        """Write what was added, at once or not at all, and make room; what goes wrong is a warning."""
        if self._is_lost:
            return
        try:
            if why := unsafe(self.path.parent):
                raise PermissionError(why)
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self.path, self._added, self.tuned)
        except OSError as e:
            logger.warning("the cache entry %s cannot be written: %s", self.path, e)
        else:
            prune(self.path.parent, MAGIC, self._limit, self.path)

    def _part(self, name: str) -> np.ndarray | None:
        found = self._parts.get(name)
        self._lacks |= found is None
        return found

    def _forget(self, why: str) -> None:
        """Go on as if there were no file."""
        logger.warning("the cache entry %s is made anew: %s", self.path, why)
        self.content, self._parts, self._lacks = np.zeros(0, np.uint8), {}, True


def unsafe(directory: Path) -> str | None:
    """Return why a directory must not be used, and what to run; None if it may, or is not there yet."""
    try:
        found = directory.stat()
    except OSError:  # it is not there, or out of reach: using it will say so
        return None
    if not stat.S_ISDIR(found.st_mode):
        return f"{directory} is no directory"
    if os.name != "posix":
        return None
    if found.st_uid not in (os.geteuid(), 0):
        return f"{directory} belongs to user {found.st_uid}; run: chown {os.geteuid()} {directory}"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"{directory} has mode {stat.S_IMODE(found.st_mode):o}; run: chmod 700 {directory}"
    return None


def _read(content: np.ndarray, checksum: int, name: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the parts of a file and the tuned sizes.

    :param checksum: of what follows the one in the file.
    :raises ValueError: it is not as it was written.
    """
    body = content[_BODY:]
    if len(body) < _HEAD.size or content[: len(MAGIC)].tobytes() != MAGIC:
        raise ValueError("it is no cache file, or one that was cut off")
    table_bytes, parts_bytes = _HEAD.unpack(body[: _HEAD.size].tobytes())
    if len(body) != _HEAD.size + table_bytes + parts_bytes:
        needed = _BODY + _HEAD.size + table_bytes + parts_bytes
        raise ValueError(f"it needs {needed:,} bytes, found {len(content):,}")
    if _CHECKSUM.pack(checksum) != content[len(MAGIC) : _BODY].tobytes():
        raise ValueError("its checksum is wrong")
    if (_BODY + _HEAD.size + table_bytes) % _ALIGNMENT:
        raise ValueError(f"its parts need to begin at a multiple of {_ALIGNMENT} bytes")
    table = json.loads(body[_HEAD.size : _HEAD.size + table_bytes].tobytes())
    parts = body[_HEAD.size + table_bytes :]
    match table:
        case {"name": str(written), "parts": dict(places), "tuned": dict(tuned)}:
            if written != name:
                raise ValueError(f"it was written as {written}")
            if not all(isinstance(sizes, list) for sizes in tuned.values()):
                raise ValueError("it needs lists of tuned sizes")
            return {key: _part(parts, place) for key, place in places.items()}, tuned
    raise ValueError("it needs a table of its name, its parts and tuned sizes")


def _most_bytes(partition: Partition) -> int:
    """Return more bytes than an entry takes: weights in 32 bits, in several forms, and programs."""
    constants = {t.index: t for op in partition.ops for t in op.inputs if t is not None and t.is_constant}
    return _PROGRAM_BYTES * (1 + len(partition.ops)) + 32 * sum(t.size for t in constants.values())


def _content(path: Path, most: int | None) -> tuple[np.ndarray, int]:
    """Return a file's bytes, if nobody else can have written it, and the checksum of its body.

    That is computed piece by piece: what was read a moment ago is in the processor's cache.
    """
    # A pipe without a writer would be waited for.
    with open(path, "rb", buffering=0, opener=lambda name, how: os.open(name, how | _AT_ONCE)) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is no file")
        if most is not None and found.st_size > most:
            raise ValueError(f"it needs at most {most:,} bytes, found {found.st_size:,}")
        others = stat.S_IWGRP | stat.S_IWOTH
        if os.name == "posix" and (found.st_uid not in (os.geteuid(), 0) or found.st_mode & others):
            raise ValueError("somebody else can write to it")
        memory = np.empty(found.st_size + _ALIGNMENT, np.uint8)
        start = -_address(memory) % _ALIGNMENT
        content = memory[start : start + found.st_size]
        at = checksum = 0
        while at < content.nbytes and (count := file.readinto(content.data[at : at + _PIECE])):
            checksum = zlib.crc32(content.data[max(at, _BODY) : at + count], checksum)
            at += count
        if at < content.nbytes:
            raise ValueError("it changed while it was read")
        content.flags.writeable = False
        return content, checksum


def _is_full_folder(path: Path) -> bool:
    try:
        with os.scandir(path) as found:
            return any(found)
    except OSError:
        return False


def _address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def _part(parts: np.ndarray, place: object) -> np.ndarray:
    match place:
        case [int(offset), int(nbytes)] if offset % _ALIGNMENT == 0:
            if 0 <= offset <= offset + nbytes <= len(parts) - _ALIGNMENT:  # a kernel may read past the end
                return parts[offset : offset + nbytes]
    raise ValueError(f"it needs parts that lie in it, found {place}")


def _write(
    path: Path, parts: Mapping[str, tuple[int, Callable[[], np.ndarray]]], tuned: Mapping[str, Any]
) -> None:
    places: dict[str, tuple[int, int]] = {}
    end = 0
    for name, (nbytes, _) in parts.items():
        places[name] = end, nbytes
        end += _padded(nbytes)
    end += _ALIGNMENT  # a kernel may read past the end of the last one
    table = json.dumps({"name": path.stem, "parts": places, "tuned": dict(tuned)}).encode()
    # The parts begin at a multiple of the alignment: blanks mean nothing in JSON.
    before = _BODY + _HEAD.size
    table += b" " * (_padded(before + len(table)) - before - len(table))

    def body() -> Iterator[Any]:
        yield _HEAD.pack(len(table), end)
        yield table
        for nbytes, values in parts.values():
            yield values().reshape(-1).view(np.uint8).data
            yield b"\0" * (_padded(nbytes) - nbytes)
        yield b"\0" * _ALIGNMENT

    _replace(path, body())


def _padded(nbytes: int) -> int:
    return -(-nbytes // _ALIGNMENT) * _ALIGNMENT


def _replace(path: Path, body: Iterator[Any]) -> None:
    """Write a file beside the place and move it there: others see all of it or nothing."""
    import tempfile  # most starts write nothing

    checksum = 0
    handle, name = tempfile.mkstemp(prefix=f"{path.stem}.", suffix=".tmp", dir=path.parent)  # mode 0600
    try:
        with open(handle, "wb") as file:
            hold(file)
            file.write(MAGIC + _CHECKSUM.pack(0))
            for piece in body:
                checksum = zlib.crc32(piece, checksum)
                file.write(piece)
            file.seek(len(MAGIC))
            file.write(_CHECKSUM.pack(checksum))
            file.flush()
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
