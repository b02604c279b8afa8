"""The reader of .wav files, on files written here byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.inputs.wav import read_wav

GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
SAMPLES = np.array([[-1.0, 0.0], [0.5, -0.25], [0.0, 0.75]])


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def form(bits: int, channels: int = 2, rate: int = 8000, extensible: bool = False, tag: int = 1) -> bytes:
    width = (bits + 7) // 8 * channels
    plain = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate, rate * width, width, bits)
    more = struct.pack("<HHIH", 22, bits, 3, tag) + GUID_TAIL
    return plain + more if extensible else plain


def stored(bits: int) -> bytes:
    """Return the samples as PCM of so many bits, two channels in turn."""
    whole = (SAMPLES * 2 ** (bits - 1)).astype(np.int64).ravel() + (128 if bits == 8 else 0)
    return b"".join((int(n) & (2**bits - 1)).to_bytes(bits // 8, "little") for n in whole)


def file(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def read(folder: Path, data: bytes):
    (folder / "a.wav").write_bytes(data)
    return read_wav(str(folder / "a.wav"))


@pytest.mark.parametrize("between", [(), (chunk(b"LIST", b"odd"), chunk(b"fact", bytes(4)))])
@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_pcm_is_read_in_every_form(tmp_path, bits, extensible, between):
    data = file(chunk(b"fmt ", form(bits, extensible=extensible)), *between, chunk(b"data", stored(bits)))

    found = read(tmp_path, data)

    assert found.rate == 8000
    assert np.array_equal(found.samples, SAMPLES)


@pytest.mark.parametrize("extensible", [False, True])
def test_a_file_cut_off_anywhere_is_an_error(tmp_path, extensible):
    whole = file(chunk(b"fmt ", form(16, extensible=extensible)), chunk(b"data", stored(16)))
    for length in range(len(whole)):
        with pytest.raises(InputError, match="with PCM of 8, 16, 24 or 32 bits: it"):
            read(tmp_path, whole[:length])


@pytest.mark.parametrize(
    ("chunks", "why"),
    [
        ((chunk(b"fmt ", form(16)), chunk(b"data", b"")), "0 bytes of samples"),
        ((chunk(b"fmt ", form(16)), chunk(b"data", bytes(7))), "7 bytes of samples, 4 for each moment"),
        ((chunk(b"fmt ", form(16, rate=0)), chunk(b"data", bytes(4))), "0 samples a second"),
        ((chunk(b"fmt ", form(16, channels=0)), chunk(b"data", bytes(4))), "0 channels"),
        ((chunk(b"fmt ", form(64)), chunk(b"data", bytes(16))), "64 bits a sample"),
        ((chunk(b"fmt ", form(0)), chunk(b"data", bytes(16))), "0 bits a sample"),
        ((chunk(b"fmt ", form(32, tag=3)), chunk(b"data", bytes(8))), "format 0x0003"),
        ((chunk(b"fmt ", form(32, tag=3, extensible=True)), chunk(b"data", bytes(8))), "format 0xfffe"),
        ((chunk(b"data", bytes(4)), chunk(b"fmt ", form(16))), "samples come before their format"),
        ((chunk(b"fmt ", form(16)), b"data\xff\xff\xff\xff" + bytes(4)), "4.0 GiB of samples"),
        ((bytes(8 * 2000),), "its first 1000 chunks are no samples"),
    ],
)
def test_what_is_no_sound_is_an_error_that_says_why(tmp_path, chunks, why):
    with pytest.raises(InputError, match=why):
        read(tmp_path, file(*chunks))
