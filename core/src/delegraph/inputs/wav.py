"""A .wav file with PCM, read whole: one that is cut off is an error.

Python's own module ``wave`` takes a file that is cut off for a shorter one, and refuses PCM in the form of
WAVE_FORMAT_EXTENSIBLE before Python 3.12.

Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991), "RIFF" and
"WAVE"; Microsoft, Multiple channel audio data and WAVE files (2007).
"""

from __future__ import annotations

import os
import struct
from typing import Any, BinaryIO

import numpy as np

from ..errors import InputError
from ..text import bytes_text
from ..values import frozen

MAX_BYTES = 1 << 30  # of samples
_MAX_CHUNKS = 1000  # before the samples
_PCM, _EXTENSIBLE = 1, 0xFFFE
_PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")
_FORMAT = struct.Struct("<HHIIHH")  # tag, channels, rate, bytes a second, bytes a frame, bits a sample


@frozen
class Sound:
    """What a .wav file holds."""

    samples: np.ndarray  # float64 (frames, channels), -1 to 1
    rate: int  # Hz
    heard: float = 0.0  # seconds from its beginning that a model was given; 0: all


def read_wav(path: str) -> Sound:
    """Return the samples of a PCM file of 8, 16, 24 or 32 bits.

    :raises InputError: it is no such file, or is cut off.
    """
    try:
        with open(path, "rb") as file:
            return _sound(file)
    except (ValueError, OSError) as e:
        raise InputError(f"sound {path!r} needs to be .wav with PCM of 8, 16, 24 or 32 bits: {e}") from e


def _sound(file: BinaryIO) -> Sound:
    if (found := file.read(12))[:4] != b"RIFF" or found[8:] != b"WAVE":
        raise ValueError(f"it begins with {found!r}")
    form = None
    for _ in range(_MAX_CHUNKS):
        name, nbytes = _unpacked("<4sI", file.read(8))
        if name == b"data":
            if form is None:
                raise ValueError("its samples come before their format")
            width, channels, rate = form
            return Sound(_levels(_data(file, nbytes, width * channels), width).reshape(-1, channels), rate)
        if name == b"fmt ":
            form = _form(_whole(file, min(nbytes, 40)))
            nbytes = max(0, nbytes - 40)
        file.seek(nbytes + nbytes % 2, os.SEEK_CUR)
    raise ValueError(f"its first {_MAX_CHUNKS} chunks are no samples")


def _form(chunk: bytes) -> tuple[int, int, int]:
    """Return bytes of a sample, channels, and frames a second."""
    tag, channels, rate, _, frame, bits = _unpacked(_FORMAT.format, chunk[: _FORMAT.size])
    if tag == _EXTENSIBLE and chunk[24:40] == _PCM_GUID:
        tag = _PCM
    if tag != _PCM:
        raise ValueError(f"its samples are of format {tag:#06x}")
    width = (bits + 7) // 8
    if not 1 <= width <= 4 or not channels or frame != width * channels:
        raise ValueError(f"it has {bits} bits a sample, {channels} channels, {frame} bytes for all of them")
    if not rate:
        raise ValueError("it has 0 samples a second")
    return width, channels, rate


def _data(file: BinaryIO, nbytes: int, frame: int) -> bytes:
    if nbytes > MAX_BYTES:
        raise ValueError(f"it has {bytes_text(nbytes)} of samples, more than {bytes_text(MAX_BYTES)}")
    if not nbytes or nbytes % frame:
        raise ValueError(f"it has {nbytes} bytes of samples, {frame} for each moment")
    return _whole(file, nbytes)


def _whole(file: BinaryIO, nbytes: int) -> bytes:
    found = file.read(nbytes)
    if len(found) < nbytes:
        raise ValueError(f"it is cut off: {nbytes} bytes are to follow, {len(found)} do")
    return found


def _unpacked(form: str, data: bytes) -> tuple[Any, ...]:
    if len(data) < struct.calcsize(form):
        raise ValueError("it is cut off")
    return struct.unpack(form, data)


def _levels(data: bytes, width: int) -> np.ndarray:
    """Return samples as -1 to 1."""
    if width == 1:
        return np.frombuffer(data, np.uint8) / 128.0 - 1  # 8 bits alone are unsigned
    # Each sample becomes the upper bytes of an int32, which all widths then share.
    padded = np.zeros((len(data) // width, 4), np.uint8)
    padded[:, 4 - width :] = np.frombuffer(data, np.uint8).reshape(-1, width)
    return padded.view("<i4").ravel() / 2.0**31
