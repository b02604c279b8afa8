"""Zip archives: what a member from outside takes, known before it is unpacked; names of our own members.

Source: APPNOTE.TXT of the zip format, sections 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
from collections.abc import Iterable
from itertools import count
from typing import BinaryIO

from ..text import bytes_text, escaped

MAX_DIRECTORY_BYTES = 1 << 20  # some 10,000 members: zipfile keeps 20 bytes for each byte of it
_UNSAFE = re.compile(r"""[/\\:*?"<>|\x00-\x1f]""")
_MOST_LETTERS = 60  # 240 bytes of UTF-8: most file systems take 255
_TAIL_BYTES = 22 + (1 << 16)  # the end record and its comment, as far as zipfile looks
_BEFORE_END = 20 + 56  # the zip64 locator and the zip64 end record


def opened(file: BinaryIO) -> zipfile.ZipFile:
    """Return the archive in a file.

    :raises ValueError: its directory is too large to be read
    """
    nbytes = _directory_bytes(file)
    if nbytes > MAX_DIRECTORY_BYTES:
        most = bytes_text(MAX_DIRECTORY_BYTES)
        raise ValueError(f"its directory of members needs at most {most}, found {bytes_text(nbytes)}")
    return zipfile.ZipFile(file)


def member(archive: zipfile.ZipFile, name: str, most: int) -> zipfile.ZipInfo:
    """Return what the directory says of a member that may be unpacked.

    :param most: bytes that it may have
    :raises ValueError: it would have more, or is packed so that this cannot be bounded
    """
    found = archive.getinfo(name)
    if found.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile unpacks pieces of the others as a whole, however large they become.
        raise ValueError(f"it needs to be stored or deflated, found compression {found.compress_type}")
    if found.file_size > most:
        raise ValueError(f"it needs at most {bytes_text(most)}, found {bytes_text(found.file_size)}")
    return found


def member_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name for a member of each, which unpacks to one file below the folder, on any system.

    Separators of folders, and what cannot be seen or is reserved somewhere, become ``_``; names that would
    be the same then, or but for capitals, are numbered.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        safe = _UNSAFE.sub("_", escaped(name))[:_MOST_LETTERS].strip(". ") or "_"
        numbered = (safe if n == 1 else f"{safe}_{n}" for n in count(1))
        found[name] = next(n for n in numbered if n.casefold() not in taken)
        taken.add(found[name].casefold())
    return found


def _directory_bytes(file: BinaryIO) -> int:
    """Return how many bytes zipfile will read as the directory, 0 where it finds none."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES - _BEFORE_END))
    tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) < end + 16:
        return 0
    found: int = struct.unpack_from("<I", tail, end + 12)[0]
    if end >= _BEFORE_END and tail[end - 20 : end - 16] == b"PK\6\7":
        found = max(found, struct.unpack_from("<Q", tail, end - _BEFORE_END + 40)[0])
    return found
