"""What the maker of a model wrote of its inputs and outputs: how pixels are scaled, which labels belong.

It stands in a FlatBuffer of its own (the buffer of the model's metadata entry ``TFLITE_METADATA``) and in
files of a zip archive appended to the model. None of it is needed to run a model, so what cannot be read is
left out with a warning.
Source: tensorflow_lite_support/metadata/metadata_schema.fbs, version 1.5.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

from ..log import logger
from ..model import Model, Record
from . import archive

ENTRY = "TFLITE_METADATA"
FILE_IDENTIFIER = b"M001"
MAX_FILE_BYTES = 16 << 20  # of labels, unpacked: an archive can hold a thousand times its size


def read_metadata(model: Model) -> Record | None:
    """Return the table ``ModelMetadata``; None where the model has none that can be read."""
    for entry in model.metadata:
        data = model.buffers[entry.buffer] if entry.name == ENTRY else None
        if data is not None:
            return _parsed(data.tobytes(), model.source)
    return None


def tensor_metadata(
    model: Model, subgraph: int = 0
) -> tuple[tuple[Record | None, ...], tuple[Record | None, ...]]:
    """Return the table ``TensorMetadata`` of a subgraph's inputs and outputs; None for those without."""
    graph, found = model.subgraphs[subgraph], read_metadata(model)
    tables = () if found is None else found.subgraph_metadata
    here = tables[subgraph] if subgraph < len(tables) else None
    sides = (("input", graph.inputs), ("output", graph.outputs))
    inputs, outputs = (_one_each(here, side, len(tensors), model.source) for side, tensors in sides)
    return inputs, outputs


def normalization(tensor: Record | None) -> tuple[Sequence[float], Sequence[float]] | None:
    """Return mean and std, per channel or one for all, of real = (x - mean) / std; None if not said."""
    for unit in () if tensor is None else tensor.process_units:
        options = unit.options
        if options is not None and options.table == "NormalizationOptions" and options.mean and options.std:
            return options.mean, options.std
    return None


def associated_file(model: Model, name: str, most: int = MAX_FILE_BYTES) -> bytes | None:
    """Return the content of a file of the zip archive appended to the model; None if it cannot be read.

    :param most: bytes that it may have; it is not unpacked if it has more.
    """
    try:
        return _unpacked(model.trailer, name, most)
    except _ZIP_ERRORS as e:
        left_out(model, name, e)
        return None


def left_out(model: Model, name: str, why: Exception) -> None:
    """Warn that a file of the archive is not used."""
    logger.warning(
        "%s: the file %r that its metadata names cannot be read: %s (labels can be given: --labels FILE)",
        model.source,
        name,
        why,
    )


def _unpacked(trailer: bytes, name: str, most: int) -> bytes:
    if not trailer:
        raise ValueError("nothing is appended to the model")
    with (
        archive.opened(io.BytesIO(trailer)) as files,
        files.open(archive.member(files, name, most)) as file,
    ):
        return file.read(most)


def _parsed(data: bytes, source: str) -> Record | None:
    try:
        if data[4:8] != FILE_IDENTIFIER:
            raise _Broken(f"it needs the file identifier {FILE_IDENTIFIER!r}, found {data[4:8]!r}")
        return _Buffer(data).table("ModelMetadata", 0)
    except _Broken as e:
        logger.warning("%s: the metadata %s is left out: %s", source, ENTRY, e)
        return None


def _one_each(subgraph: Record | None, side: str, count: int, source: str) -> tuple[Record | None, ...]:
    tables = () if subgraph is None else subgraph.get(f"{side}_tensor_metadata")
    if len(tables) == count:
        return tuple(tables)
    if tables:
        logger.warning(
            "%s: metadata of %ss is left out: it needs %d, found %d", source, side, count, len(tables)
        )
    return (None,) * count


class _Broken(Exception):
    """The metadata cannot be read."""


class _Buffer:
    """A FlatBuffer, read by the tables at the end of this file; every offset is checked."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        # Vector elements and string bytes in all: overlapping tables cannot blow up, a shared string may.
        self.budget = len(data) + _SLACK

    def number(self, kind: str, position: int) -> Any:
        if not 0 <= position <= len(self.data) - struct.calcsize(kind):
            raise _Broken(f"an offset leads to byte {position} of {len(self.data)}")
        return struct.unpack_from(f"<{kind}", self.data, position)[0]

    def target(self, position: int) -> int:
        return position + int(self.number("I", position))

    def table(self, name: str, position: int) -> Record:
        """Read the table that the offset at ``position`` leads to."""
        start = self.target(position)
        fields: dict[str, Any] = {}
        slot = 0
        for word in _TABLES.get(name, "").split():
            field, _, kind = word.partition(":")
            slot += kind in _UNIONS  # its kind stands one slot before its value
            if kind:
                fields[field] = self.field(kind, start, slot)
            slot += 1
        return Record(name, fields)

    def field(self, kind: str, start: int, slot: int) -> Any:
        at = self.slot(start, slot)
        if kind in _UNIONS:
            which = self.slot(start, slot - 1)
            code = self.number("B", which) if which else 0
            names = _UNIONS[kind]
            return self.table(names[code], at) if at and 0 < code < len(names) else None
        if kind.startswith("["):
            return self.vector(kind[1:-1], at) if at else ()
        if kind in _SCALARS:
            return self.number(_SCALARS[kind], at) if at else 0
        if kind == "string":
            return self.string(at) if at else ""
        return self.table(kind, at) if at else None

    def slot(self, start: int, slot: int) -> int:
        """Return where a table's field stands; 0 if it is absent."""
        vtable = start - int(self.number("i", start))
        if 4 + 2 * slot >= self.number("H", vtable):
            return 0
        offset = int(self.number("H", vtable + 4 + 2 * slot))
        return start + offset if offset else 0

    def vector(self, kind: str, position: int) -> tuple[Any, ...]:
        start = self.target(position)
        count = self.spend(self.number("I", start), kind)
        width = struct.calcsize(_SCALARS.get(kind, "I"))
        positions = [start + 4 + width * i for i in range(count)]
        if kind in _SCALARS:
            return tuple(self.number(_SCALARS[kind], p) for p in positions)
        if kind == "string":
            return tuple(self.string(p) for p in positions)
        return tuple(self.table(kind, p) for p in positions)

    def string(self, position: int) -> str:
        start = self.target(position)
        count = self.spend(self.number("I", start), "string")
        return self.data[start + 4 : start + 4 + count].decode(errors="replace")

    def spend(self, count: int, what: str) -> int:
        self.budget -= count
        if self.budget < 0:
            raise _Broken(f"a {what} of length {count} does not fit into its {len(self.data)} bytes")
        return count


# What reading a broken or unusual archive raises: encrypted (RuntimeError), a compression Python lacks ...
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,  # NotImplementedError is one
    OSError,
    EOFError,
    KeyError,
    ValueError,
)

_SLACK = 1 << 16
_SCALARS = {"byte": "b", "float": "f", "uint": "I"}

# The fields of a table by slot, "-" for one of no use here; those behind the last used one are left out.
_TABLES = {
    "ModelMetadata": "- - - subgraph_metadata:[SubGraphMetadata]",
    "SubGraphMetadata": "- - input_tensor_metadata:[TensorMetadata]"
    " output_tensor_metadata:[TensorMetadata]",
    "TensorMetadata": "name:string - - content:Content process_units:[ProcessUnit] -"
    " associated_files:[AssociatedFile]",
    "Content": "content_properties:ContentProperties",
    "AudioProperties": "sample_rate:uint channels:uint",
    "BoundingBoxProperties": "index:[uint] type:byte coordinate_type:byte",
    "ProcessUnit": "options:ProcessUnitOptions",
    "NormalizationOptions": "mean:[float] std:[float]",
    "AssociatedFile": "name:string - type:byte",
}
_UNIONS = {
    "ContentProperties": (
        "NONE",
        "FeatureProperties",
        "ImageProperties",
        "BoundingBoxProperties",
        "AudioProperties",
    ),
    "ProcessUnitOptions": ("NONE", "NormalizationOptions", "ScoreCalibrationOptions"),
}
