"""Write a model as a .tflite file.

What is read can be written back: reading the bytes again gives an equal model. The tensors are
authoritative: one whose values are not those of its buffer, because a caller changed them, gets a buffer of
its own. So are the names and versions of ops.

Source: tflite/converter/schema/schema.fbs (its comments say how files beyond 2 GiB keep their buffers).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np
from flatbuffers import number_types

from ..errors import InputError
from ..kinds import check_kind
from ..model import (
    Blocks,
    Graph,
    Model,
    Op,
    OperatorCode,
    Quantization,
    Record,
    Signature,
    Tensor,
    holds,
    op_name,
    operator_code,
    schema,
    stored_bytes,
)
from .references import check_references

ALIGNMENT = 16  # of a buffer's data, as the schema wants it
_MAX_INLINE = (1 << 31) - (1 << 28)  # bytes of data in a FlatBuffer; its offsets end at 2 GiB
_SHORT = 64  # bytes: shorter vectors are written each time, which compresses better than places of one do
_SMALL = 16  # bytes: shorter data stays in the FlatBuffer; readers ignore an offset with a size below 2

Data = Any  # bytes, or an array of bytes
Values = Mapping[str, Any]  # of a table's fields by name; None or left out: not written


def write_model(model: Model) -> bytes:
    """Return the bytes of a .tflite file.

    Weights of more than 2 GiB lie behind the FlatBuffer, which then holds their offsets and sizes.

    :raises InputError: a value does not fit the format, or there is no tensor, buffer, operator code or
        subgraph of a number; the message names the place
    """
    check_kind("model", model, Model, "a Model")
    check_references(model)
    rows = _Rows(model)
    weight = rows.weight()
    if weight <= _MAX_INLINE:
        return _flatbuffer(rows.model(), weight) + model.trailer
    return _large(rows) + model.trailer


class _Rows:
    """A model as values of the schema's tables."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.codes = list(model.operator_codes)
        self.buffers = list(model.buffers) or [None]
        self.places: Iterator[int] | None = None  # of large data behind the FlatBuffer, in order
        self._made: dict[
            tuple[int, str], int
        ] = {}  # id and type of a changed tensor's values -> its buffer
        for tensor in sorted((t for g in model.subgraphs for t in g.tensors), key=lambda t: t.dtype):
            self._buffer(tensor)  # weights stand beside weights: they compress better
        self._buffer_of = [[self._buffer(t) for t in graph.tensors] for graph in model.subgraphs]
        self._code_of = [[self._code(op) for op in graph.ops] for graph in model.subgraphs]

    def weight(self) -> int:
        """Return how many bytes may lie outside the FlatBuffer."""
        return sum(map(len, self.outside()))

    def outside(self) -> Iterator[Data]:
        """Give what may lie outside the FlatBuffer, in the order in which ``model`` asks for places."""
        for graph in self._model.subgraphs:
            yield from (op.custom_options for op in graph.ops if len(op.custom_options) >= _SMALL)
        yield from (b for b in self.buffers if b is not None and len(b) >= _SMALL)

    def model(self) -> Values:
        m = self._model
        return {
            "version": m.version,
            "operator_codes": [_operator_code(c) for c in self.codes],
            "subgraphs": [self._subgraph(i, g) for i, g in enumerate(m.subgraphs)],
            "description": m.description,
            "buffers": [self._data(b, "data", "offset", "size") for b in self.buffers],
            "metadata_buffer": m.metadata_buffer or None,
            "metadata": [{"name": e.name, "buffer": e.buffer} for e in m.metadata] or None,
            "signature_defs": [_signature(s) for s in m.signatures] or None,
            "external_buffer_groups": m.external_buffer_groups or None,
            "external_buffers": m.external_buffers or None,
        }

    def _subgraph(self, index: int, graph: Graph) -> Values:
        places = zip(graph.tensors, self._buffer_of[index], strict=True)
        coded = zip(graph.ops, self._code_of[index], strict=True)
        return {
            "tensors": [_tensor(t, buffer) for t, buffer in places],
            "inputs": _indices(graph.inputs),
            "outputs": _indices(graph.outputs),
            "operators": [self._operator(op, code) for op, code in coded],
            "name": graph.name or None,
            "debug_metadata_index": graph.debug_metadata_index,
        }

    def _operator(self, op: Op, code: int) -> Values:
        options = op.options if op.has_options and op.options.table != "NONE" else None
        second = options is not None and options.table in schema.UNIONS["BuiltinOptions2"]
        data = self._data(
            op.custom_options or None,
            "custom_options",
            "large_custom_options_offset",
            "large_custom_options_size",
        )
        return {
            **data,
            "opcode_index": code,
            "inputs": _indices(op.inputs),
            "outputs": _indices(op.outputs),
            "builtin_options_2" if second else "builtin_options": options,
            "mutating_variable_inputs": op.mutating_variable_inputs or None,
            "intermediates": _indices(op.intermediates) or None,
            "debug_metadata_index": op.debug_metadata_index,
        }

    def _data(self, data: Data | None, inline: str, offset: str, size: str) -> Values:
        """Return the fields of data that stands in the FlatBuffer or, in a large file, behind it."""
        if data is None:
            return {}
        if self.places is None or len(data) < _SMALL:
            return {inline: data}
        return {offset: next(self.places), size: len(data)}

    def _buffer(self, tensor: Tensor) -> int:
        """Return the index of the buffer that holds the tensor's values, making one if none does."""
        stored = self.buffers[tensor.buffer] if tensor.buffer else None  # 0 is that of no values
        if not tensor.is_constant:
            return tensor.buffer if stored is None or not len(stored) else 0
        data = tensor.data
        assert data is not None
        key = (id(data), tensor.dtype)
        if key in self._made:
            return self._made[key]
        if stored is not None and holds(stored, tensor.dtype, data):
            return tensor.buffer
        self._made[key] = len(self.buffers)
        self.buffers.append(stored_bytes(data, tensor.dtype))
        return len(self.buffers) - 1

    def _code(self, op: Op) -> int:
        """Return the index of the operator code that says the op's name and version."""
        if op.code < len(self.codes):
            code = self.codes[op.code]
            if code.version == op.version and op_name(code, op.options) == op.name:
                return op.code
        code = operator_code(op.name, op.version)
        if code not in self.codes:
            self.codes.append(code)
        return self.codes.index(code)


def _tensor(t: Tensor, buffer: int) -> Values:
    if t.shape is None:
        raise InputError(f"tensor {t.index} {t.name!r} has no known shape; a file needs one")
    return {
        "shape": t.shape,
        "type": t.dtype.upper(),
        "buffer": buffer,
        "name": t.name or None,
        "quantization": None if t.quantization is None else _quantization(t.quantization),
        "is_variable": t.is_variable,
        "sparsity": t.sparsity,
        "shape_signature": t.shape_signature,
        "has_rank": t.has_rank,
        "variant_tensors": t.variant_tensors or None,
        "external_buffer": t.external_buffer,
    }


def _quantization(q: Quantization) -> Values:
    return {
        "min": q.min,
        "max": q.max,
        "scale": q.scale if len(q.scale) else None,
        "zero_point": q.zero_point if len(q.zero_point) else None,
        "details": q.custom if q.blocks is None else _blocks(q.blocks),
        "quantized_dimension": q.axis,
    }


def _blocks(blocks: Blocks) -> Record:
    common = {
        "scales": blocks.scales.index,
        "zero_points": -1 if blocks.zero_points is None else blocks.zero_points.index,
        "block_size": blocks.size,
    }
    if blocks.axes is not None:
        return Record("MultiAxisQuantization", {**common, "quantized_dimensions": blocks.axes})
    return Record("BlockwiseQuantization", {**common, "block_shape": blocks.shape})


def _operator_code(code: OperatorCode) -> Values:
    return {
        "deprecated_builtin_code": code.deprecated_builtin_code,
        "custom_code": code.custom_code,
        "version": code.version,
        "builtin_code": code.name,
    }


def _signature(s: Signature) -> Values:
    return {
        "inputs": [{"name": name, "tensor_index": i} for name, i in s.inputs.items()],
        "outputs": [{"name": name, "tensor_index": i} for name, i in s.outputs.items()],
        "signature_key": s.key,
        "subgraph_index": s.subgraph,
    }


def _indices(tensors: Sequence[Tensor | None]) -> list[int]:
    return [-1 if t is None else t.index for t in tensors]


def _large(rows: _Rows) -> bytes:
    """Return a file whose data lies behind the FlatBuffer."""
    parts = list(rows.outside())
    rows.places = iter([ALIGNMENT] * len(parts))  # any offset but 0, so that every field is there
    start = len(_flatbuffer(rows.model()))
    places, pieces = [], []
    for data in parts:
        gap = -start % ALIGNMENT
        places.append(start + gap)
        pieces += [bytes(gap), data]
        start += gap + len(data)
    rows.places = iter(places)
    return b"".join([_flatbuffer(rows.model()), *pieces])


def _flatbuffer(model: Values, weight: int = 0) -> bytes:
    """Return the bytes of a FlatBuffer.

    :param weight: bytes of data in it, known beforehand: a builder that has to grow holds them twice.
    """
    builder = flatbuffers.Builder(weight + weight // 8 + (1 << 16))
    builder.Finish(_Tables(builder).table("Model", model), file_identifier=schema.FILE_IDENTIFIER)
    return bytes(memoryview(builder.Bytes)[builder.Head() :])


class _Tables:
    """Writes tables of the schema, innermost first, as a FlatBuffer wants it."""

    def __init__(self, builder: flatbuffers.Builder) -> None:
        self._builder = builder
        self._vectors: dict[tuple[bytes, int], int] = {}  # bytes and width of long ones -> their place

    def table(self, name: str, values: Values | Record) -> int:
        """Write a table and return its place."""
        fields = [(f, v) for f in schema.TABLES[name] if (v := values.get(f.name)) is not None]
        try:
            references = [(f, v, self._reference(f, v)) for f, v in fields if f.kind not in _INLINE]
            self._builder.StartObject(schema.slot_count(name))
            for field, value in fields:
                if field.kind in _INLINE:
                    self._scalar(field, value)
            for field, value, place in references:
                self._refer(field, value, place)
            return int(self._builder.EndObject())
        except (TypeError, KeyError, OverflowError, struct.error, AttributeError) as e:
            label = values.get("name") or values.get("signature_key") or ""
            raise InputError(f"{name} {label!r} does not fit the file: {type(e).__name__}: {e}") from e

    def _scalar(self, field: schema.Field, value: Any) -> None:
        flags = _FLAGS[field.storage]
        self._builder.PrependSlot(flags, field.slot, _number(field, value), _number(field, field.default))

    def _refer(self, field: schema.Field, value: Any, place: int) -> None:
        self._builder.PrependUOffsetTRelativeSlot(field.slot, place, 0)
        if field.kind == "union":
            kind = schema.UNIONS[field.type].index(value.table)
            self._builder.PrependUint8Slot(field.slot - 1, kind, 0)

    def _reference(self, field: schema.Field, value: Any) -> int:
        if field.kind == "string":
            return int(self._builder.CreateString(value))
        if field.kind == "union":
            return self.table(value.table, value)
        if field.kind == "table":
            return self.table(field.type, value)
        if field.item == "table":
            return self._offsets([self.table(field.type, v) for v in value])
        if field.type == "ubyte":
            return self._vector(value, len(value), 1, ALIGNMENT)
        code = schema.SCALARS[field.storage]
        if isinstance(value, np.ndarray) and value.dtype == np.dtype(code):
            packed = value.tobytes()  # as it is: a NaN keeps its bits
        else:
            packed = struct.pack(f"<{len(value)}{code}", *[_number(field, v) for v in value])
        width = struct.calcsize("<" + code)
        if len(packed) < _SHORT:
            return self._vector(packed, len(value), width, width)
        if (packed, width) not in self._vectors:  # as scales and zero points of weights and biases
            self._vectors[packed, width] = self._vector(packed, len(value), width, width)
        return self._vectors[packed, width]

    def _vector(self, data: Data, count: int, width: int, alignment: int) -> int:
        b = self._builder
        b.StartVector(width, count, alignment)
        b.head -= count * width
        b.Bytes[b.head : b.head + count * width] = memoryview(data).cast("B") if count else b""
        return int(b.EndVector())

    def _offsets(self, places: Sequence[int]) -> int:
        self._builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            self._builder.PrependUOffsetTRelative(place)
        return int(self._builder.EndVector())


def _number(field: schema.Field, value: Any) -> Any:
    if "enum" in (field.kind, field.item):
        return schema.ENUMS[field.type].values[value]
    return value


_INLINE = ("scalar", "enum")
_FLAGS = {
    "bool": number_types.BoolFlags,
    "byte": number_types.Int8Flags,
    "int": number_types.Int32Flags,
    "uint": number_types.Uint32Flags,
    "long": number_types.Int64Flags,
    "ulong": number_types.Uint64Flags,
    "float": number_types.Float32Flags,
}
