"""Read a .tflite file into a Model, without copying its weights and without trusting a byte of it.

Every offset, length, index, shape and type is checked before it is used; what is broken gives a
``ModelError`` that names the place. Nothing that a file says decides how much memory is taken: tables and
vectors count against the file's own size, and weights are views of it.

Source: tflite/converter/schema/schema.fbs; for what LiteRT refuses tflite/core/interpreter_builder.cc.
"""

from __future__ import annotations

import mmap as _mmap
import os
import stat
from collections.abc import Callable, Sequence
from functools import cache, partial
from math import prod
from typing import Any, TypeVar

import numpy as np

from ..errors import ModelError, ModelNotFound
from ..kinds import whole
from ..model import (
    BY_CODE,
    DTYPES,
    Blocks,
    DType,
    Graph,
    Metadata,
    Model,
    Op,
    OperatorCode,
    Quantization,
    Record,
    Signature,
    Tensor,
    check_stored,
    is_view,
    op_name,
    options_record,
    schema,
    stored_values,
)
from ..model.mapped import MappedFile
from ..text import escaped, shape_text
from ..values import evolve
from .checks import check_calls, check_dataflow, check_quantization, check_sparsity
from .flatbuffer import Bytes, FlatBuffer, enum_name
from .zip_trailer import trailer

MAX_TENSOR_BYTES = 4 << 30  # that a shape may ask for, unless the caller says otherwise
MAX_RANK = 32  # numpy's, before its version 2
MAX_OP_NAME = 256  # characters of a custom op's
T = TypeVar("T")


def read_model(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | _mmap.mmap,
    *,
    mmap: bool = True,
    max_tensor_bytes: int = MAX_TENSOR_BYTES,
    allow_external_buffers: bool = False,
) -> Model:
    """Return the model that a file, or its bytes, hold.

    :param source: a path, or the file's bytes; a buffer that can be written to must not change afterwards
    :param mmap: map the file; False reads it into memory (a mapped file that is truncated ends the process)
    :param max_tensor_bytes: the largest tensor that a shape may ask for
    :param allow_external_buffers: accept tensors whose values lie in other files; they have no ``data``
    :raises ModelNotFound: there is no such file
    :raises ModelError: the file is broken; the message names the table, the index and what was found
    """
    whole("max_tensor_bytes", max_tensor_bytes, 0)
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return _Reader(
            _contents(path, mmap), escaped(path), max_tensor_bytes, allow_external_buffers
        ).model()
    return _Reader(_read_only(source), "<memory>", max_tensor_bytes, allow_external_buffers).model()


def _contents(path: str, mmap: bool) -> Bytes:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise OSError("it is a pipe or a device, which may have no end")
            if not mmap or not about.st_size:  # an empty file cannot be mapped
                return file.read()
            return MappedFile(file.fileno(), 0, access=_mmap.ACCESS_READ)
    except FileNotFoundError:
        raise ModelNotFound(f"Could not open '{escaped(path)}': there is no such file") from None
    except (OSError, ValueError) as e:
        raise ModelError(f"Could not open '{escaped(path)}': {e}") from e


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; a pipe without a writer is not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _read_only(source: Any) -> Bytes:
    if isinstance(source, (bytes, _mmap.mmap)):
        return source
    try:
        return memoryview(source).toreadonly().cast("B")
    except (TypeError, ValueError):
        found = type(source).__name__
        raise ModelError(f"a model needs a path or the bytes of a file, found a {found}") from None


class _Reader:
    """Turns the tables of one file into values, from the model down to the tensors."""

    def __init__(self, data: Bytes, name: str, max_tensor_bytes: int, allow_external: bool) -> None:
        _check_identifier(data, name)
        self._file = FlatBuffer(data)
        self._name = name
        self._max_tensor_bytes = max_tensor_bytes
        self._allow_external = allow_external
        self._codes: tuple[OperatorCode, ...] = ()
        self._buffers: tuple[np.ndarray | None, ...] = ()
        self._external_ids: frozenset[int] = frozenset()
        self._tensor_count = 0  # of the subgraph that is being read
        self._blocks: dict[int, Record] = {}  # of its tensors that are quantized in blocks, by their index
        self._later: dict[tuple[int, str, int], Callable[[], np.ndarray]] = {}  # values made when asked for

    def model(self) -> Model:
        try:
            return self._model()
        except ModelError as e:
            raise ModelError(f"{self._name}: {e}") from None

    def _model(self) -> Model:
        file = self._file
        row = file.row("Model", file.root())
        (version, codes, graphs, description, buffers, old, metadata, signatures, groups, external) = row
        if version != schema.VERSION:
            raise ModelError(f"needs version {schema.VERSION} of the schema, found {version}")
        self._codes = self._each("operator code", codes, self._code)
        self._buffers = self._each("buffer", buffers, self._buffer) or (None,)
        external_buffers = self._each("external buffer", external, self._record("ExternalBuffer"))
        self._external_ids = frozenset(e.id for e in external_buffers)
        subgraphs = self._each("subgraph", graphs, self._graph)
        if not subgraphs:
            raise ModelError("needs a subgraph, found none")
        check_calls(subgraphs)
        return Model(
            subgraphs=subgraphs,
            operator_codes=self._codes,
            buffers=self._buffers,
            signatures=self._each("signature", signatures, partial(self._signature, subgraphs)),
            metadata=self._each("metadata", metadata, self._metadata),
            metadata_buffer=file.numbers(old, "int"),
            description=file.text(description),
            version=version,
            external_buffer_groups=self._each(
                "external buffer group", groups, self._record("ExternalBufferGroup")
            ),
            external_buffers=external_buffers,
            trailer=trailer(file.data),
            source=self._name,
        )

    def _each(
        self,
        what: str,
        place: int | None,
        make: Callable[[int, int], T],
        name_of: Callable[[int], str] | None = None,
    ) -> tuple[T, ...]:
        """Make a value of each table of a vector; an error says which one it was."""
        made: list[T] = []
        try:
            places = self._file.places(place)
        except ModelError as e:
            raise ModelError(f"{what}s: {e}") from None
        try:
            for i, at in enumerate(places):
                made.append(make(i, at))
        except ModelError as e:
            label = f"{what} {len(made)}" + _label(name_of, places[len(made)])
            raise ModelError(f"{label}: {e}") from None
        return tuple(made)

    def _record(self, table: str) -> Callable[[int, int], Record]:
        return lambda i, at: self._file.record(table, at)

    def _code(self, i: int, at: int) -> OperatorCode:
        old, custom, version, new = self._file.row("OperatorCode", at)
        # Files from before the wide code, and tools that write both, agree on the larger one.
        name = enum_name("BuiltinOperator", max(old, new))
        custom_code = self._file.text(custom)
        if name == "CUSTOM" and custom_code is None:
            raise ModelError("needs a custom_code beside the builtin code CUSTOM, found none")
        if custom_code is not None and len(custom_code) > MAX_OP_NAME:  # every op of this code shows it
            found = f"{len(custom_code):,} characters"
            raise ModelError(f"needs a custom_code of at most {MAX_OP_NAME}, found {found}")
        return OperatorCode(name, version, custom_code, old)

    def _buffer(self, i: int, at: int) -> np.ndarray | None:
        data, offset, size = self._file.row("Buffer", at)
        if data is not None:
            return self._file.data_of(data)
        return self._behind(offset, size) if offset > 1 else None

    def _behind(self, offset: int, size: int) -> np.ndarray:
        """Return data that lies outside the FlatBuffer, as in files of more than 2 GiB."""
        if offset + size > self._file.size:
            raise ModelError(
                f"{size} bytes at offset {offset} reach beyond the file's {self._file.size} bytes"
            )
        return self._file.array[offset : offset + size]

    def _metadata(self, i: int, at: int) -> Metadata:
        name, buffer = self._file.row("Metadata", at)
        self._check_buffer(buffer)
        return Metadata(self._file.text(name) or "", buffer)

    def _check_buffer(self, index: int) -> None:
        if index and index >= len(self._buffers):
            raise ModelError(f"its buffer is {index}, but the model has {len(self._buffers)} buffers")

    def _signature(self, subgraphs: Sequence[Graph], i: int, at: int) -> Signature:
        inputs, outputs, key, _, subgraph = self._file.row("SignatureDef", at)
        if key is None:
            raise ModelError("needs a key, found none")
        if subgraph >= len(subgraphs):
            raise ModelError(f"its subgraph is {subgraph}, but the model has {len(subgraphs)}")
        named = partial(self._names, len(subgraphs[subgraph].tensors))
        return Signature(
            self._file.text(key) or "", named("input", inputs), named("output", outputs), subgraph
        )

    def _names(self, tensor_count: int, what: str, place: int | None) -> dict[str, int]:
        names: dict[str, int] = {}
        for name, index in self._each(what, place, lambda i, at: self._file.row("TensorMap", at)):
            text = self._file.text(name) or ""
            if text in names:
                raise ModelError(f"two {what}s have the name {text!r}")
            if index >= tensor_count:
                raise ModelError(f"{what} {text!r} is tensor {index}, but there are {tensor_count} tensors")
            names[text] = index
        return names

    def _graph(self, index: int, at: int) -> Graph:
        file = self._file
        tensors, inputs, outputs, operators, name, debug = file.row("SubGraph", at)
        self._tensor_count = 0 if tensors is None else file.vector(tensors, 4, cost=0)[1]
        made = self._each("tensor", tensors, self._tensor, self._tensor_name)
        if self._blocks:
            made = self._with_blocks(made)
        ops = self._each("op", operators, partial(self._op, (*made, None)), self._op_label)
        graph = Graph(
            name=file.text(name) or "",
            tensors=made,
            ops=ops,
            inputs=_pick(made, file.numbers(inputs, "int"), "input"),
            outputs=_pick(made, file.numbers(outputs, "int"), "output"),
            index=index,
            debug_metadata_index=debug,
        )
        check_dataflow(graph)
        return graph

    def _tensor_name(self, at: int) -> str:
        return repr(self._file.text(self._file.row("Tensor", at)[3]) or "")

    def _op_label(self, at: int) -> str:
        return self._codes[self._file.row("Operator", at)[0]].name

    def _op(self, tensors: tuple[Tensor | None, ...], index: int, at: int) -> Op:
        file = self._file
        row = file.row("Operator", at)
        code_index, inputs, outputs, kind, options, custom, _, mutating, inside, offset, size = row[:11]
        if code_index >= len(self._codes):
            raise ModelError(f"its opcode_index is {code_index}, but there are {len(self._codes)} codes")
        code = self._codes[code_index]
        record, has_options = self._options(code, kind, options, row[11], row[12])
        return Op(
            index,
            code.name if code.name in _PLAIN else op_name(code, record),
            code.version,
            _operands(tensors, file.numbers(inputs, "int"), "input"),
            _pick(tensors, file.numbers(outputs, "int"), "output"),
            record,
            _pick(tensors, file.numbers(inside, "int"), "intermediate") if inside is not None else (),
            self._custom_options(custom, offset, size),
            file.numbers(mutating, "bool"),
            code_index,
            row[13],
            has_options,
        )

    def _custom_options(self, place: int | None, offset: int, size: int) -> bytes:
        if place is not None:
            start, count = self._file.vector(place, 1)
            return bytes(self._file.data[start : start + count])
        if offset <= 1:
            return b""
        stored = self._behind(offset, size)
        self._file.spend(size)
        return stored.tobytes()

    def _options(
        self, code: OperatorCode, kind: int, place: int | None, kind_2: int, place_2: int | None
    ) -> tuple[Record, bool]:
        """Return an op's options, and whether the file has any; the schema's defaults where it has none."""
        if not (kind or kind_2 or place is not None or place_2 is not None):
            return _default_options(code.name), False
        record = self._file.union("BuiltinOptions", kind, place)
        if kind_2 or place_2 is not None:
            second = self._file.union("BuiltinOptions2", kind_2, place_2)
            if record is not None and second is not None:
                raise ModelError(f"needs one table of options, found {record.table} and {second.table}")
            record = second
        expected = schema.options_of(code.name)
        if record is None or record.table != expected:
            wanted = "no options" if expected == "NONE" else expected
            raise ModelError(
                f"{code.name} needs {wanted}, found {'none' if record is None else record.table}"
            )
        return record, True

    def _tensor(self, index: int, at: int) -> Tensor:
        file = self._file
        row = file.row("Tensor", at)
        dims, type, buffer, name, quantization, variable, sparsity, signature, has_rank = row[:9]
        variants, external = row[9:]
        dtype = BY_CODE.get(type)
        if dtype is None:
            raise ModelError(f"{type} is no TensorType; the last known one is {max(BY_CODE)}")
        shape = file.numbers(dims, "int")
        self._check_shape(shape, dtype)
        if buffer:
            self._check_buffer(buffer)
        sparse = None if sparsity is None else file.record("SparsityParameters", sparsity)
        stored = self._stored(buffer, shape, variable)
        if external:
            self._check_external(external, stored)
        return Tensor(
            index,
            file.text(name) or "",
            dtype.name,
            shape,
            None if signature is None else self._shape_signature(signature, shape),
            None if quantization is None else self._quantization(index, quantization, shape, dtype),
            None if stored is None else self._constant(stored, shape, dtype, sparse),
            buffer,
            variable,
            sparse,
            has_rank,
            self._each("variant tensor", variants, self._record("VariantSubType")) if variants else (),
            external,
        )

    def _check_shape(self, shape: tuple[int, ...], dtype: DType) -> None:
        if len(shape) > MAX_RANK:
            raise ModelError(f"needs a rank of at most {MAX_RANK}, found {len(shape)}")
        size = dtype.bits or 64  # of a string or a handle, its pointer
        for n in shape:
            if n < 0:
                raise ModelError(f"shape {list(shape)} needs sizes of 0 or more, found {n}")
            size *= n
        if size > 8 * self._max_tensor_bytes:
            raise ModelError(
                f"shape {shape_text(shape)} of {dtype.name} is larger than "
                f"max_tensor_bytes={self._max_tensor_bytes}"
            )

    def _shape_signature(self, place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
        signature = self._file.numbers(place, "int")
        if (signature and len(signature) != len(shape)) or any(n < -1 for n in signature):
            raise ModelError(f"shape_signature {_few(signature)} does not fit shape {shape_text(shape)}")
        return signature

    def _stored(self, buffer: int, shape: tuple[int, ...], variable: bool) -> np.ndarray | None:
        """Return the bytes of a constant, or None.

        An empty vector of bytes is a constant only where the shape has no elements: some compilers write
        one for each tensor that is computed.
        """
        stored = self._buffers[buffer] if buffer else None
        if stored is None or (not len(stored) and 0 not in shape):
            return None
        if variable:
            raise ModelError(f"a variable cannot have values in the file, found {len(stored)} bytes")
        return stored

    def _check_external(self, external: int, stored: np.ndarray | None) -> None:
        if not self._allow_external:
            raise ModelError(
                f"its values lie in another file (external buffer {external}); "
                "read the model with allow_external_buffers=True to do without them"
            )
        if external not in self._external_ids or stored is not None:
            found = "values of its own" if stored is not None else "no such one"
            raise ModelError(f"it refers to external buffer {external}, found {found}")

    def _constant(
        self, stored: np.ndarray, shape: tuple[int, ...], dtype: DType, sparse: Record | None
    ) -> np.ndarray | Callable[[], np.ndarray]:
        """Return a constant's values as a view of the file, or what makes them when they are asked for."""
        size = prod(shape)
        if sparse is not None:
            size = check_sparsity(sparse, shape)
        kept = shape if sparse is None else (size,)
        if is_view(dtype.name):
            check_stored(stored, dtype.name, kept, size)
            return stored.view(dtype.numpy).reshape(kept)
        key = (stored.__array_interface__["data"][0], dtype.name, size)
        flat = self._later.get(key)
        if flat is None:  # tensors that share a buffer share the values
            check_stored(stored, dtype.name, kept, size)
            self._file.spend(len(stored))
            flat = self._later[key] = cache(partial(stored_values, stored, dtype.name, size))
        return lambda: flat().reshape(kept)

    def _quantization(
        self, index: int, place: int, shape: tuple[int, ...], dtype: DType
    ) -> Quantization | None:
        file = self._file
        low, high, scale, zero, kind, details, axis = file.row("QuantizationParameters", place)
        record = None if not kind and details is None else file.union("QuantizationDetails", kind, details)
        scales, points = file.array_of(scale, "float"), file.array_of(zero, "long")
        lows, highs = file.array_of(low, "float"), file.array_of(high, "float")
        if not (len(scales) or len(points) or len(lows) or len(highs) or axis or record):
            return None  # an empty table, as converters write for float tensors
        is_custom = record is not None and record.table == "CustomQuantization"
        if record is not None and not is_custom:
            self._check_blocks(record)
            self._blocks[index] = record
        found = Quantization(
            scales,
            points,
            axis,
            lows if len(lows) else None,
            highs if len(highs) else None,
            record if is_custom else None,
        )
        check_quantization(found, shape, dtype.name)
        return found

    def _check_blocks(self, record: Record) -> None:
        """Check that quantization in blocks names tensors that exist."""
        n = self._tensor_count
        if not (0 <= record.scales < n and -1 <= record.zero_points < n and record.block_size >= 0):
            raise ModelError(
                f"{record.table} does not fit a subgraph of {n} tensors: scales in tensor {record.scales}, "
                f"zero points in {record.zero_points}, block size {record.block_size}"
            )

    def _with_blocks(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Give tensors that are quantized in blocks the tensors that hold their scales.

        These come without blocks of their own: a file may send one round in circles.
        """
        made = list(tensors)
        for index, record in self._blocks.items():
            quantization = tensors[index].quantization
            assert quantization is not None
            changed = evolve(quantization, blocks=_blocks_of(record, tensors))
            made[index] = evolve(tensors[index], quantization=changed)
        self._blocks = {}
        return tuple(made)


def _blocks_of(record: Record, tensors: Sequence[Tensor]) -> Blocks:
    scales = tensors[record.scales]
    points = None if record.zero_points < 0 else tensors[record.zero_points]
    for t in (scales, points):
        if t is not None and DTYPES[t.dtype].values in ("string", "handle"):
            raise ModelError(f"{record.table} needs numbers, found tensor {t.index} {t.name!r}, {t.dtype}")
    return Blocks(
        scales,
        record.block_size,
        points,
        record.get("block_shape"),
        record.get("quantized_dimensions"),
    )


def _check_identifier(data: Bytes, name: str) -> None:
    found = bytes(data[4:8])
    if len(data) < 8 or found != schema.FILE_IDENTIFIER:
        raise ModelError(
            f"{name} is no .tflite file: it needs {schema.FILE_IDENTIFIER!r} at byte 4, "
            f"found {found!r} in a file of {len(data)} bytes"
        )


def _label(name_of: Callable[[int], str] | None, place: int) -> str:
    """Return a table's name for a message, or nothing where that is broken too."""
    try:
        return f" {name_of(place)}" if name_of is not None else ""
    except (ModelError, IndexError):
        return ""


def _operands(tensors: tuple[Tensor | None, ...], indices: Sequence[int], what: str) -> tuple[Any, ...]:
    """Return the tensors of some indices; -1 is None, the last of ``tensors``."""
    count = len(tensors) - 1
    for i in indices:
        if not -1 <= i < count:
            raise ModelError(f"{what}s {_few(indices)}: there is no tensor {i}, only {count}")
    return tuple([tensors[i] for i in indices])


def _pick(tensors: Sequence[Tensor | None], indices: Sequence[int], what: str) -> tuple[Any, ...]:
    """Return the tensors of some indices, all of which must be there."""
    for i in indices:
        if not 0 <= i < len(tensors) or tensors[i] is None:
            raise ModelError(f"{what}s {_few(indices)}: there is no tensor {i}")
    return tuple([tensors[i] for i in indices])


@cache
def _default_options(op: str) -> Record:
    return options_record(op)


def _few(values: Sequence[int]) -> str:
    """Write numbers for a message, which a file with a million of them shall not fill."""
    return f"({', '.join(map(str, values[:8]))}{', ...' if len(values) > 8 else ''})"


_PLAIN = frozenset(schema.OPERATORS) - {"CUSTOM", "STABLEHLO_COMPOSITE"}  # named as their code is
