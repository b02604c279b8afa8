"""The zip archive with labels and the like that metadata tools append to a model.

Source: APPNOTE.TXT of the zip format, sections 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import struct

from .flatbuffer import Bytes

_END, _ENTRY = b"PK\5\6", b"PK\1\2"
_END_BYTES, _ENTRY_BYTES = 22, 46  # without the texts that follow
_MAX_COMMENT = 1 << 16


def trailer(data: Bytes) -> bytes:
    """Return the archive at the end of a file, or nothing if there is none.

    Its directory lies before its end record; a file that was appended to another may count its offsets from
    either one's beginning, so the first entry is found from how far it lies before the directory.
    """
    tail = max(0, len(data) - _END_BYTES - _MAX_COMMENT)
    end = tail + bytes(data[tail:]).rfind(_END)
    if end < tail or end + _END_BYTES > len(data):
        return b""
    nbytes, offset = struct.unpack_from("<II", data, end + 12)
    directory = end - nbytes
    start = directory - offset + _first_entry(data, directory, end)
    return bytes(data[start:]) if 8 < start < directory else b""


def _first_entry(data: Bytes, place: int, end: int) -> int:
    """Return the least offset that the directory at ``place`` has for an entry."""
    offsets = []
    while 0 <= place <= end - _ENTRY_BYTES and bytes(data[place : place + 4]) == _ENTRY:
        *texts, offset = struct.unpack_from("<HHH8xI", data, place + 28)
        offsets.append(offset)
        place += _ENTRY_BYTES + sum(texts)
    return min(offsets, default=0)
