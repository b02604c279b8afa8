"""Labels come from a text file or the model's metadata; broken metadata is left out with a warning."""

from __future__ import annotations

import io
import logging
import random
import zipfile
from typing import Any

import attrs
import flatbuffers
import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.file import ModelLabels, normalization, read_labels, tensor_metadata
from delegraph.file.labels import parse_labels
from delegraph.file.metadata import associated_file, read_metadata
from delegraph.model import Builder, Model
from delegraph.run import described, interface_of

AXIS_LABELS, VALUE_LABELS = 2, 3  # of AssociatedFileType in metadata_schema.fbs


def with_metadata(data: bytes, files: dict[str, bytes] | None = None) -> Model:
    """Return a model of one input and one output with these bytes as TFLITE_METADATA."""
    g = Builder()
    x = g.input((1, 2), "float32", name="x")
    y = g.op("NEG", [x], [g.tensor((1, 2), "float32", name="y")])
    model = g.model(outputs=[y], metadata={"TFLITE_METADATA": data})
    return attrs.evolve(model, trailer=b"" if files is None else zipped(files))


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip archive as metadata tools append it: its offsets count from the model's first byte."""
    memory = io.BytesIO(b"model" * 100)
    with zipfile.ZipFile(memory, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return memory.getvalue()[500:]


def metadata(**tensor: Any) -> bytes:
    """Return a ModelMetadata whose one input and one output have this TensorMetadata.

    Keywords: ``mean`` and ``std``, ``rate`` (of sound), ``files`` of (name, type).
    """
    b = flatbuffers.Builder()
    units = content = None
    if "mean" in tensor:
        options = table(b, {0: floats(b, tensor["mean"]), 1: floats(b, tensor["std"])})
        units = vector(b, [union(b, 0, kind=1, value=options)])
    if "rate" in tensor:
        b.StartObject(2)
        b.PrependUint32Slot(0, tensor["rate"], 0)
        content = union(b, 0, kind=4, value=b.EndObject())
    files = vector(b, [associated(b, name, kind) for name, kind in tensor.get("files", ())])
    one = vector(b, [table(b, {3: content, 4: units, 6: files}, slots=7)])
    b.Finish(table(b, {3: vector(b, [table(b, {2: one, 3: one})])}), file_identifier=b"M001")
    return bytes(b.Output())


def table(b: flatbuffers.Builder, fields: dict[int, int | None], slots: int = 4) -> int:
    b.StartObject(slots)
    for slot, offset in fields.items():
        if offset is not None:
            b.PrependUOffsetTRelativeSlot(slot, offset, 0)
    return b.EndObject()


def union(b: flatbuffers.Builder, slot: int, kind: int, value: int) -> int:
    b.StartObject(2)
    b.PrependUint8Slot(slot, kind, 0)
    b.PrependUOffsetTRelativeSlot(slot + 1, value, 0)
    return b.EndObject()


def associated(b: flatbuffers.Builder, name: str, kind: int) -> int:
    text = b.CreateString(name)
    b.StartObject(4)
    b.PrependUOffsetTRelativeSlot(0, text, 0)
    b.PrependInt8Slot(2, kind, 0)
    return b.EndObject()


def vector(b: flatbuffers.Builder, offsets: list[int]) -> int:
    b.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        b.PrependUOffsetTRelative(offset)
    return b.EndVector()


def floats(b: flatbuffers.Builder, values: list[float]) -> int:
    b.StartVector(4, len(values), 4)
    for value in reversed(values):
        b.PrependFloat32(value)
    return b.EndVector()


# Text files


def test_a_line_is_a_label_and_its_number_the_class():
    assert parse_labels("background\ntench, Tinca tinca\n") == {0: "background", 1: "tench, Tinca tinca"}


@pytest.mark.parametrize(
    "text", ["0 person\n16 cat\n", "0: person\n16: cat", "0:person\n\n16:cat\n", "0,person\n16,cat"]
)
def test_lines_that_all_begin_with_an_index_say_the_class(text):
    assert parse_labels(text) == {0: "person", 16: "cat"}


def test_one_line_without_an_index_makes_all_lines_labels():
    assert parse_labels("1 fish\n2 fish\nred fish\n") == {0: "1 fish", 1: "2 fish", 2: "red fish"}


def test_numbers_alone_are_labels():
    assert parse_labels("7\n8\n") == {0: "7", 1: "8"}


def test_an_empty_line_between_labels_counts_but_not_at_the_end():
    assert parse_labels("a\n\nc\n\n\n") == {0: "a", 1: "", 2: "c"}


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_label(tmp_path):
    (tmp_path / "labels.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    assert read_labels(tmp_path / "labels.txt") == {0: "one", 1: "two"}


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "found an empty file"), (b"\xff\xfe\x00", "needs UTF-8")]
)
def test_a_labels_file_that_is_none_is_an_error_that_names_it(tmp_path, content, message):
    (tmp_path / "labels.txt").write_bytes(content)
    with pytest.raises(InputError, match=rf"labels\.txt'.*{message}"):
        read_labels(tmp_path / "labels.txt")


def test_a_labels_file_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_labels(tmp_path / "none.txt")


# Metadata


def test_normalization_is_read_from_metadata():
    inputs, _ = tensor_metadata(with_metadata(metadata(mean=[1.5, 2.5], std=[4.0])))
    assert normalization(inputs[0]) == ((1.5, 2.5), (4.0,))


def test_the_sample_rate_of_sound_is_read_from_metadata():
    inputs, _ = tensor_metadata(with_metadata(metadata(rate=16000)))
    assert inputs[0].content.content_properties.sample_rate == 16000


def test_axis_labels_come_from_the_file_that_metadata_names():
    model = with_metadata(metadata(files=[("labels.txt", AXIS_LABELS)]), {"labels.txt": b"yes\nno\n"})
    (output,) = described(interface_of(model), model).outputs
    assert ModelLabels(model).of(output.metadata).axis == {0: "yes", 1: "no"}
    assert ModelLabels(model).of(output.metadata).value is None


def test_value_labels_are_told_apart_from_axis_labels():
    model = with_metadata(metadata(files=[("classes.txt", VALUE_LABELS)]), {"classes.txt": b"cat\ndog"})
    (output,) = described(interface_of(model), model).outputs
    assert ModelLabels(model).of(output.metadata).axis is None
    assert ModelLabels(model).of(output.metadata).value == {0: "cat", 1: "dog"}


def test_of_several_languages_the_first_counts():
    files = [("en.txt", AXIS_LABELS), ("de.txt", AXIS_LABELS)]
    model = with_metadata(metadata(files=files), {"en.txt": b"cat", "de.txt": b"Katze"})
    (output,) = described(interface_of(model), model).outputs
    assert ModelLabels(model).of(output.metadata).axis == {0: "cat"}


def test_a_model_without_metadata_has_none():
    g = Builder()
    model = g.model(outputs=[g.input((1,), "float32")])
    assert read_metadata(model) is None
    assert tensor_metadata(model) == ((None,), (None,))


def test_a_labels_file_that_the_model_does_not_carry_is_a_warning(caplog):
    model = with_metadata(metadata(files=[("labels.txt", AXIS_LABELS)]))
    (output,) = described(interface_of(model), model).outputs
    assert ModelLabels(model).of(output.metadata).axis is None
    assert "'labels.txt' that its metadata names cannot be read: nothing is appended" in caplog.text


def test_an_associated_file_that_unpacks_to_too_much_is_left_out(caplog):
    model = with_metadata(b"", {"labels.txt": bytes(1001)})
    assert associated_file(model, "labels.txt", most=1000) is None
    assert "it needs at most 1000 B, found 1001 B" in caplog.text


def test_metadata_of_another_kind_is_a_warning(caplog):
    assert read_metadata(with_metadata(b"\x08\0\0\0M009" + bytes(20))) is None
    assert "needs the file identifier b'M001', found b'M009'" in caplog.text


def test_metadata_of_more_inputs_than_there_are_is_a_warning(caplog):
    model = with_metadata(metadata(rate=1))
    graph = attrs.evolve(model.subgraphs[0], inputs=())
    inputs, outputs = tensor_metadata(attrs.evolve(model, subgraphs=(graph,)))
    assert inputs == ()
    assert outputs[0] is not None
    assert "metadata of inputs is left out: it needs 0, found 1" in caplog.text


def test_a_vector_longer_than_the_file_is_a_warning_and_costs_no_memory(caplog):
    data = bytearray(metadata(mean=[1.0], std=[2.0]))
    at = data.index(np.float32(1.0).tobytes()) - 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    assert read_metadata(with_metadata(bytes(data))) is None
    assert "does not fit into its" in caplog.text


def test_no_broken_metadata_raises(caplog):
    caplog.set_level(logging.CRITICAL)
    good = metadata(mean=[1.0, 2.0], std=[3.0], files=[("labels.txt", AXIS_LABELS)])
    archive = zipped({"labels.txt": b"yes\nno\n" * 20})
    for seed in range(1000):
        rng = random.Random(seed)
        model = with_metadata(damaged(good, rng))
        model = attrs.evolve(model, trailer=damaged(archive, rng) if seed % 2 else archive)
        for argument in described(interface_of(model), model).outputs:
            ModelLabels(model).of(argument.metadata)
            normalization(argument.metadata)


def damaged(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data[: rng.choice([len(data), rng.randrange(len(data))])])
    for _ in range(rng.randrange(1, 6)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.choice([0, 1, 4, 127, 128, 255, rng.randrange(256)])
    return bytes(changed)
