"""Small files that ask for much: what they take is bounded, and the error says what was too much."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import flatbuffers
import pytest
from commands import SECONDS, Commands
from delegraph.file import write_model
from delegraph.model import Builder

MIB = 1 << 20

# Labels that a model carries


def metadata_of_labels(*outputs: tuple[str, ...]) -> bytes:
    """Return a ModelMetadata whose outputs name label files (TENSOR_AXIS_LABELS)."""
    b = flatbuffers.Builder()
    tables = []
    for names in outputs:
        files = _vector(b, [_table(b, {0: b.CreateString(name)}, kind=2) for name in names])
        tables.append(_table(b, {6: files}))
    b.Finish(_table(b, {3: _vector(b, [_table(b, {3: _vector(b, tables)})])}), file_identifier=b"M001")
    return bytes(b.Output())


def _table(b: Any, offsets: dict[int, int], kind: int = 0) -> int:
    b.StartObject(7)
    for slot, offset in offsets.items():
        b.PrependUOffsetTRelativeSlot(slot, offset, 0)
    b.PrependInt8Slot(2, kind, 0)
    return b.EndObject()


def _vector(b: Any, offsets: list[int]) -> int:
    b.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        b.PrependUOffsetTRelative(offset)
    return b.EndVector()


def classifier(path: Path, archive: bytes, names: tuple[str, ...] = ("labels.txt",)) -> Path:
    """Write a model of ten classes whose labels lie in an archive behind it."""
    g = Builder()
    x = g.input((1, 10), "float32", name="x")
    y = g.op("SOFTMAX", [x], [g.tensor((1, 10), "float32")], beta=1.0)
    model = g.model(outputs=[y], metadata={"TFLITE_METADATA": metadata_of_labels(names)})
    path.write_bytes(write_model(attrs.evolve(model, trailer=archive)))
    return path


def zipped(
    content: bytes, kind: int = zipfile.ZIP_DEFLATED, names: tuple[str, ...] = ("labels.txt",)
) -> bytes:
    memory = io.BytesIO(b"model" * 100)
    with zipfile.ZipFile(memory, "a", kind) as archive:
        for name in names:
            archive.writestr(name, content)
    return memory.getvalue()[500:]


def told_smaller(archive: bytes, nbytes: int) -> bytes:
    """Return an archive whose headers say that a member has fewer bytes than it unpacks to."""
    return archive.replace(struct.pack("<I", nbytes), struct.pack("<I", 1000))


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "short lines": lambda: zipped(b"a\n" * (32 * MIB)),
    "empty lines": lambda: zipped(b"\n" * (15 * MIB)),
    "lines with an index": lambda: zipped(b"".join(b"%d a\n" % i for i in range(1_200_000))),
    "one line": lambda: zipped(b"1" + b" " * (15 * MIB) + b"\nb"),
    "digits": lambda: zipped(b"1" * 10_000 + b" a"),
    "told smaller": lambda: told_smaller(zipped(bytes(64 * MIB)), 64 * MIB),
    "a directory of 30,000": lambda: zipped(b"", names=tuple(f"{i:05}" + "n" * 60 for i in range(30_000))),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_labels_in_a_model_take_little_or_are_left_out(
    tmp_path: Path, command: Commands, kind: str
) -> None:
    model = classifier(tmp_path / "m.tflite", ARCHIVES[kind]())

    found = command("run", model, "--input", "random")

    assert found.code == 0, found.text
    assert found.peak < 300 * MIB
    assert found.seconds < SECONDS / 4


def test_what_is_left_out_is_named_with_a_way_out(tmp_path: Path, command: Commands) -> None:
    model = classifier(tmp_path / "m.tflite", zipped(b"a\n" * (32 * MIB)))

    text = command("run", model, "--input", "random").text

    assert "the file 'labels.txt'" in text
    assert "needs at most 16.0 MiB, found 64.0 MiB" in text
    assert "--labels FILE" in text


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_that_unpack_in_one_piece_are_refused(
    tmp_path: Path, command: Commands, kind: int
) -> None:
    model = classifier(tmp_path / "m.tflite", zipped(b"a\n", kind))

    assert "needs to be stored or deflated" in command("run", model, "--input", "random").text


def test_many_files_of_labels_have_one_limit(tmp_path: Path, command: Commands) -> None:
    names = tuple(f"{i}.txt" for i in range(6))
    g = Builder()
    x = g.input((1, 10), "float32", name="x")
    outputs = [g.op("SOFTMAX", [x], [g.tensor((1, 10), "float32")], beta=1.0) for _ in names]
    described = metadata_of_labels(*((name,) for name in names))
    model = g.model(outputs=outputs, metadata={"TFLITE_METADATA": described})
    content = b"%063d\n" % 7 * (4 * MIB // 64)
    file = tmp_path / "m.tflite"
    file.write_bytes(write_model(attrs.evolve(model, trailer=zipped(content, names=names))))

    found = command("run", file, "--input", "random")

    assert found.code == 0, found.text
    assert [f"the file '{name}'" in found.text for name in names] == [False] * 4 + [True] * 2
    assert found.peak < 100 * MIB


@pytest.mark.parametrize("content", [b"a\n" * (32 * MIB), b"a\n" * (2 * MIB)])
def test_a_labels_file_that_is_too_large_is_an_error(
    tmp_path: Path, command: Commands, content: bytes
) -> None:
    model = classifier(tmp_path / "m.tflite", b"")
    (tmp_path / "labels.txt").write_bytes(content)

    found = command("run", model, "--input", "random", "--labels", tmp_path / "labels.txt")

    assert found.code == 1
    assert "labels.txt' cannot be read: it needs at most" in found.text
    assert found.peak < 300 * MIB


# Inputs


def negating(path: Path, shape: tuple[int, ...], dtype: str = "float32") -> Path:
    g = Builder()
    y = g.op("NEG", [g.input(shape, dtype, name="x")], [g.tensor(tuple(map(abs, shape)), dtype)])
    path.write_bytes(write_model(g.model(outputs=[y])))
    return path


def npy_header(shape: str, descr: str = "'<f4'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


ARRAYS: dict[str, bytes] = {
    "another shape": npy_header("(1, 200000000)"),
    "no values": npy_header("(300000000,)"),
    "objects": npy_header("(4,)", "'|O'") + b"cos\nsystem\n(S'false'\ntR.",
    "a record": npy_header("(4,)", "[('a', '<f4', (100000, 1000))]"),
    "wide text": npy_header("(4,)", "'<U200000000'"),
    "a long header": b"\x93NUMPY\x02\x00" + struct.pack("<I", 400 * MIB) + b"(" * 100_000,
    "brackets": npy_header("(" * 3000 + ")" * 3000),
    "a shape below zero": npy_header("(-4,)") + bytes(16),
}


@pytest.mark.parametrize("shape", [(4,), (-1,)])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ARRAYS)
def test_an_array_is_checked_before_it_is_read(
    tmp_path: Path, command: Commands, kind: str, packed: bool, shape: tuple[int, ...]
) -> None:
    model = negating(tmp_path / "m.tflite", shape)
    file = tmp_path / ("x.npz" if packed else "x.npy")
    file.write_bytes(ARRAYS[kind])
    if packed:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", ARRAYS[kind])

    found = command("run", model, "--input", file)

    assert found.code == 1
    assert f"x.{'npz' if packed else 'npy'}" in found.text
    assert found.peak < 100 * MIB


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_an_npz_that_unpacks_to_much_is_not_unpacked(tmp_path: Path, command: Commands, kind: int) -> None:
    model = negating(tmp_path / "m.tflite", (1, 4))
    with zipfile.ZipFile(tmp_path / "x.npz", "w", kind) as archive, archive.open("x.npy", "w") as member:
        member.write(npy_header("(1, 4)") + bytes(64 * MIB))

    found = command("run", model, "--input", tmp_path / "x.npz")

    assert found.code == 1
    assert "cannot be read" in found.text
    assert found.peak < 50 * MIB


def test_an_archive_of_many_members_is_refused(tmp_path: Path, command: Commands) -> None:
    model = negating(tmp_path / "m.tflite", (1, 4))
    (tmp_path / "x.npz").write_bytes(zipped(b"", names=tuple(f"{i:05}" + "n" * 60 for i in range(30_000))))

    found = command("run", model, "--input", tmp_path / "x.npz")

    assert found.code == 1
    assert "directory of members needs at most 1.0 MiB" in found.text
    assert found.peak < 100 * MIB


def test_an_image_of_many_pixels_is_refused(tmp_path: Path, command: Commands) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 12_000, 12_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(12_000 * 100 * 3))
    (tmp_path / "x.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    model = negating(tmp_path / "m.tflite", (1, -1, -1, 3))

    found = command("run", model, "--input", tmp_path / "x.png")

    assert found.code == 1
    assert "needs at most 67,108,864 pixels, found 12000×12000" in found.text
    assert found.peak < 100 * MIB
