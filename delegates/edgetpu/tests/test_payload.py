"""The payload of a custom op: what is written is read, and what is damaged or another's is refused."""

from __future__ import annotations

import json
import struct

import flatbuffers
import pytest
from delegraph import ModelError
from delegraph_edgetpu.darwinn import is_package, read_package
from delegraph_edgetpu.payload import Header, decoded, described, encoded

MODEL = bytes(range(100))
HEADER = Header(12, 3, (0, 5), (7,), {"cycles": 9}, "test 1")


def test_what_is_written_is_read():
    payload = decoded(encoded(HEADER, MODEL))

    assert payload.model == MODEL
    assert payload.header.inputs == (0, 5)
    assert payload.header.model_bytes == 100
    assert payload.header.estimate == {"cycles": 9}


def test_the_layout_is_the_documented_one():
    data = encoded(HEADER, MODEL)
    magic, version, size = struct.unpack_from("<8sII", data)

    assert (magic, version) == (b"DGEDGTPU", 1)
    header = json.loads(data[16 : 16 + size])
    assert header["inputs"] == [0, 5]
    start = -(-(16 + size) // 16) * 16
    assert data[16 + size : start] == bytes(start - 16 - size)
    assert data[start:] == MODEL


def test_keys_of_later_writers_are_left_alone():
    data = encoded(HEADER, MODEL)
    (size,) = struct.unpack_from("<I", data, 12)
    values = json.loads(data[16 : 16 + size]) | {"color": "blue"}
    text = json.dumps(values).encode()
    start = struct.pack("<8sII", b"DGEDGTPU", 1, len(text)) + text

    assert decoded(start + bytes(-len(start) % 16) + MODEL).header.ops == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: b"", "begins with DGEDGTPU"),
        (lambda d: b"X" + d[1:], "begins with DGEDGTPU"),
        (lambda d: d[:8] + b"\2\0\0\0" + d[12:], "version 1 to 1, found version 2, of a later delegraph"),
        (lambda d: d[:12] + b"\xff\xff\xff\xff" + d[16:], "a header of 4294967295 bytes"),
        (lambda d: d[:16] + b"!" + d[17:], "a header in JSON"),
        (lambda d: d[:-1], "it is damaged"),
        (lambda d: d[:-1] + b"!", "it is damaged"),
        (lambda d: d.replace(b'"inputs":[0,5]', b'"inputs":"ab" '), "integers in its header"),
        (lambda d: d.replace(b'"inputs":', b'"outpost"'), "a header in JSON"),
    ],
)
def test_a_damaged_payload_is_an_error_that_says_where(change, message):
    with pytest.raises(ModelError, match=message):
        decoded(change(encoded(HEADER, MODEL)))


def test_a_payload_is_described_in_a_line():
    assert described(encoded(HEADER, MODEL)) == (
        "a model of 3 ops (100 bytes, runtime 12 or later, written by test 1)"
    )


def test_a_payload_that_cannot_be_read_is_described_too():
    assert described(b"").startswith(
        "a payload that cannot be read: edgetpu-custom-op needs a payload that"
    )


def package(parameters=5, kind=1):
    """Return custom options as the Edge TPU compiler writes them (executable.fbs)."""
    b = flatbuffers.Builder()
    name = b.CreateString("image")
    b.StartObject(9)
    b.PrependUOffsetTRelativeSlot(0, name, 0)
    layer = b.EndObject()
    b.StartVector(4, 1, 4)
    b.PrependUOffsetTRelative(layer)
    layers = b.EndVector()
    weights = b.CreateByteVector(bytes(parameters))
    b.StartObject(17)
    b.PrependUOffsetTRelativeSlot(6, weights, 0)
    b.PrependUOffsetTRelativeSlot(8, layers, 0)
    b.PrependInt32Slot(12, 832, 0)
    b.PrependInt16Slot(13, kind, 0)
    b.PrependInt64Slot(16, 1234, 0)
    b.Finish(b.EndObject())
    executable = bytes(b.Output())
    b = flatbuffers.Builder()
    inner = b.CreateByteVector(executable)
    b.StartVector(4, 1, 4)
    b.PrependUOffsetTRelative(inner)
    executables = b.EndVector()
    b.StartObject(1)
    b.PrependUOffsetTRelativeSlot(0, executables, 0)
    b.Finish(b.EndObject())
    multi = bytes(b.Output())
    b = flatbuffers.Builder()
    body, compiler = b.CreateByteVector(multi), b.CreateString("cl/1")
    b.StartObject(8)
    b.PrependInt32Slot(0, 13, 0)
    b.PrependUOffsetTRelativeSlot(1, body, 0)
    b.PrependUOffsetTRelativeSlot(4, compiler, 0)
    b.Finish(b.EndObject(), file_identifier=b"DWN1")
    return b"4\0" + bytes(b.Output()) + b"\x05\x15\x05\x09\x25\x01"


def test_a_package_of_the_real_compiler_is_read():
    found = read_package(package())

    assert (found.min_runtime_version, found.compiler) == (13, "cl/1")
    (executable,) = found.executables
    assert (executable.type, executable.parameter_bytes) == ("PARAMETER_CACHING", 5)
    assert (executable.narrow_memory_per_tile, executable.cycles) == (832, 1234)
    assert executable.inputs == ("image",)


def test_a_package_of_the_real_compiler_is_described():
    text = described(package(kind=0))

    assert text.startswith("a package of the Edge TPU compiler (")
    assert text.endswith(" bytes, runtime 13 or later, executables STAND_ALONE, 5 bytes of parameters)")


def test_a_damaged_package_is_an_error_or_another_package():
    whole = package()
    for i in range(2, len(whole)):
        for byte in (0, 0x7F, 0xFF):
            data = whole[:i] + bytes([byte]) + whole[i + 1 :]
            if is_package(data):
                assert described(data).startswith(("a package of", "a payload that cannot be read: a pack"))


def test_a_package_cut_short_is_an_error():
    whole = package()
    for end in range(12, len(whole) - 10, 7):
        with pytest.raises(ModelError, match="Edge TPU compiler needs"):
            read_package(whole[:end])


def test_options_without_a_package_are_none():
    assert not is_package(b"")
    assert not is_package(encoded(HEADER, MODEL))
    with pytest.raises(ModelError, match="found no 'DWN1'"):
        read_package(b"nothing")
