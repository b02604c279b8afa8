"""Make a small model in a few lines: for tests, conformance cases and experiments.

>>> g = Builder()
>>> x = g.input((1, 4, 4, 3), "float32")
>>> y = g.op("MAX_POOL_2D", [x], [g.tensor((1, 2, 2, 3), "float32")], padding="VALID",
...          stride_w=2, stride_h=2, filter_width=2, filter_height=2)
>>> model = g.model(outputs=[y])

``delegraph.writer.write_model(model)`` gives the file's bytes. The builder computes no shapes: outputs get
theirs from the caller, through :meth:`Builder.tensor`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..kinds import array_of, check_kind, several, sizes, whole
from ..text import shape_text
from .dtypes import DTYPES, dtype_of
from .graph import Blocks, Graph, Metadata, Model, Op, OperatorCode, Quantization, Signature, Tensor
from .op_codes import op_name, operator_code, options_record
from .tensor_bytes import stored_bytes

Numbers = float | Sequence[float] | np.ndarray | None
OptionalTensors = Iterable[Tensor | None]


class Builder:
    """A subgraph in the making; the first one of a model also makes the model.

    Tensors are numbered in the order in which they are made; ops run in the order in which they are added.
    """

    def __init__(self) -> None:
        self.index = 0  # of this subgraph in the model: what IF, WHILE and CALL_ONCE ask for
        self.name = "main"
        self._whole = _Whole()
        self._whole.builders.append(self)
        self._tensors: list[Tensor] = []
        self._ops: list[Op] = []
        self._inputs: list[Tensor] = []
        self._outputs: list[Tensor] | None = None

    def input(
        self,
        shape: Sequence[int],
        dtype: str,
        name: str | None = None,
        *,
        scale: Numbers = None,
        zero_point: Numbers = None,
        axis: int = 0,
    ) -> Tensor:
        """Return a new input of the subgraph. A size of -1 may be resized by callers; it starts as 1."""
        quantization = _quantization(scale, zero_point, axis)
        asked = sizes("shape", shape)
        fixed = tuple(1 if n == -1 else n for n in asked)
        signature = asked if -1 in asked else None
        tensor = self._add(name, dtype, fixed, quantization=quantization, shape_signature=signature)
        self._inputs.append(tensor)
        return tensor

    def constant(
        self,
        values: Any,
        dtype: str | None = None,
        name: str | None = None,
        *,
        scale: Numbers = None,
        zero_point: Numbers = None,
        axis: int = 0,
        blocks: Blocks | None = None,
    ) -> Tensor:
        """Return a tensor with fixed values.

        :param values: an array or what ``numpy.asarray`` takes; strings as ``str`` or ``bytes``
        :param dtype: where numpy's does not say it: ``"int4"``, or ``"bfloat16"`` for its bits as uint16
        :param blocks: in place of a scale: ``Blocks(g.constant(scales, "float16"), 32)``
        """
        data, dtype = _values(values, dtype)
        self._whole.buffers.append(stored_bytes(data, dtype))
        buffer = len(self._whole.buffers) - 1
        quantization = _quantization(scale, zero_point, axis, blocks)
        return self._add(name, dtype, data.shape, quantization=quantization, data=data, buffer=buffer)

    def variable(
        self,
        shape: Sequence[int],
        dtype: str,
        name: str | None = None,
        *,
        scale: Numbers = None,
        zero_point: Numbers = None,
    ) -> Tensor:
        """Return a tensor that keeps its value from one invoke to the next."""
        quantization = _quantization(scale, zero_point, 0)
        return self._add(name, dtype, shape, quantization=quantization, is_variable=True)

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str,
        name: str | None = None,
        *,
        scale: Numbers = None,
        zero_point: Numbers = None,
        axis: int = 0,
    ) -> Tensor:
        """Return a tensor that an op will write."""
        return self._add(name, dtype, shape, quantization=_quantization(scale, zero_point, axis))

    def op(
        self,
        name: str,
        inputs: OptionalTensors,
        outputs: Iterable[Tensor],
        /,
        *,
        version: int | None = None,
        custom_options: bytes = b"",
        intermediates: Iterable[Tensor] = (),
        **options: Any,
    ) -> Any:
        """Add an op and return its output, or the tuple of them if it has several (or none).

        :param name: a builtin op's name; any other name is that of a custom op
        :param inputs: tensors, None for an optional one left out
        :param version: of the op, 1 if it is not given; of a composite, whose options have a field of that
            name, the composite's
        :param options: by the schema's names, enums as it spells them; the rest are its defaults.
            ``**dict(op.options)`` gives all that another op has
        :raises InputError: the op has no such option, or the value does not fit; it says what is valid
        """
        check_kind("name", name, str, "an op's name")
        operands = (
            tuple(several("inputs", inputs, (Tensor, type(None)), "tensors")),
            tuple(several("outputs", outputs, Tensor, "tensors")),
            tuple(several("intermediates", intermediates, Tensor, "tensors")),
        )
        for tensor in (t for group in operands for t in group if t is not None):
            self._check_own(name, tensor)
        if version is not None and name.partition(":")[0] == "STABLEHLO_COMPOSITE":
            version, options = None, {**options, "version": version}
        version = 1 if version is None else whole("version", version, 1)
        record = options_record(name, **options)
        code = self._whole.code(name, version)
        self._ops.append(
            Op(
                index=len(self._ops),
                name=op_name(self._whole.codes[code], record),
                version=version,
                inputs=operands[0],
                outputs=operands[1],
                options=record,
                intermediates=operands[2],
                custom_options=bytes(custom_options),
                code=code,
                has_options=record.table != "NONE",
            )
        )
        return operands[1][0] if len(operands[1]) == 1 else operands[1]

    def subgraph(self, name: str) -> Builder:
        """Return a builder for another subgraph of the same model: a body of IF or WHILE, say."""
        other = Builder()
        other.name, other._whole, other.index = name, self._whole, len(self._whole.builders)
        self._whole.builders.append(other)
        return other

    def returns(self, *outputs: Tensor) -> None:
        """Say what the subgraph gives back. Without it, all that its ops write and none of them reads."""
        for tensor in outputs:
            self._check_own("output", tensor)
        self._outputs = list(outputs)

    def model(
        self,
        outputs: Iterable[Tensor] | None = None,
        inputs: Iterable[Tensor] | None = None,
        signature: str | None = None,
        metadata: dict[str, bytes] | None = None,
        description: str | None = None,
    ) -> Model:
        """Return the finished model.

        :param outputs: of the main subgraph; default: see :meth:`returns`
        :param inputs: default: in order of creation
        :param signature: a key such as ``"serving_default"``; its arguments have the names of the tensors
        :param metadata: values by name
        """
        main = self._whole.builders[0]
        if outputs is not None:
            main.returns(*several("outputs", outputs, Tensor, "tensors"))
        if inputs is not None:
            main._inputs = several("inputs", inputs, Tensor, "tensors")
        graphs = tuple(b._graph() for b in self._whole.builders)
        entries = [Metadata(n, self._whole.store(value)) for n, value in (metadata or {}).items()]
        return Model(
            subgraphs=graphs,
            operator_codes=tuple(self._whole.codes),
            buffers=tuple(self._whole.buffers),
            signatures=() if signature is None else (_signature(signature, graphs[0]),),
            metadata=tuple(entries),
            description=description,
        )

    def _graph(self) -> Graph:
        outputs = self._unread() if self._outputs is None else self._outputs
        return Graph(
            name=self.name,
            tensors=tuple(self._tensors),
            ops=tuple(self._ops),
            inputs=tuple(self._inputs),
            outputs=tuple(outputs),
            index=self.index,
        )

    def _unread(self) -> list[Tensor]:
        read = {t.index for op in self._ops for t in op.inputs if t is not None}
        return [t for op in self._ops for t in op.outputs if t.index not in read]

    def _add(
        self,
        name: str | None,
        dtype: str,
        shape: Sequence[int],
        data: np.ndarray | None = None,
        **fields: Any,
    ) -> Tensor:
        _check_type(f"dtype of tensor {name!r}", dtype)
        index = len(self._tensors)
        name = f"t{index}" if name is None else name
        tensor = Tensor(index, name, dtype, sizes("shape", shape), data=data, has_rank=True, **fields)
        self._tensors.append(tensor)
        return tensor

    def _check_own(self, what: str, tensor: Tensor) -> None:
        check_kind(what, tensor, Tensor, "tensors")
        if tensor.index >= len(self._tensors) or self._tensors[tensor.index] is not tensor:
            raise InputError(f"{what}: tensor {tensor.name!r} is not of subgraph {self.name!r}")


class _Whole:
    """What the subgraphs of one model share."""

    def __init__(self) -> None:
        self.builders: list[Builder] = []
        self.codes: list[OperatorCode] = []
        self.buffers: list[np.ndarray | None] = [None]  # the first is empty, as the schema wants it

    def code(self, name: str, version: int) -> int:
        """Return the index of an operator code, adding it when it is new."""
        code = operator_code(name, version)
        if code not in self.codes:
            self.codes.append(code)
        return self.codes.index(code)

    def store(self, value: bytes) -> int:
        self.buffers.append(np.frombuffer(value, np.uint8))
        return len(self.buffers) - 1


def _quantization(
    scale: Numbers, zero_point: Numbers, axis: int, blocks: Blocks | None = None
) -> Quantization | None:
    if blocks is not None:
        return Quantization(np.zeros(0, np.float32), np.zeros(0, np.int64), axis, blocks=blocks)
    if scale is None:
        return None
    scales = np.atleast_1d(array_of("scale", scale, "one number or several", np.float32))
    points = array_of("zero_point", 0 if zero_point is None else zero_point, "integers", np.int64)
    if points.ndim and points.shape != scales.shape:
        raise InputError(
            f"zero_point needs one number, or one for each scale, found shape {shape_text(points.shape)}"
        )
    return Quantization(scales, np.broadcast_to(points, scales.shape).copy(), axis)


def _values(values: Any, dtype: str | None) -> tuple[np.ndarray, str]:
    """Return an array as a tensor keeps it, and its tensor type."""
    if dtype is not None:
        _check_type("dtype", dtype)
    array = array_of("values", values, dtype=object if dtype == "string" else None)
    if array.dtype.kind in "OSU":
        return _strings(np.asarray(values, object)), "string"  # numpy's own strings lose zeros at their end
    if dtype is None:
        dtype = dtype_of(array)
    data = array.astype(DTYPES[dtype].numpy)
    if data.dtype.kind not in "fc" and not np.array_equal(data, array):
        raise InputError(f"constant: {dtype} (an array of {data.dtype}) cannot hold {array.ravel()[:8]}")
    data.flags.writeable = False
    return data, dtype


def _strings(array: np.ndarray) -> np.ndarray:
    stored = np.empty(array.shape, object)
    stored[...] = array
    for i, text in enumerate(stored.flat):
        check_kind("values", text, (str, bytes), "numbers, or strings (str or bytes)")
        stored.flat[i] = text.encode() if isinstance(text, str) else text
    stored.flags.writeable = False
    return stored


def _check_type(what: str, dtype: Any) -> None:
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise InputError(f"{what}: no type {dtype!r:.60}; the types are: {', '.join(DTYPES)}")


def _signature(key: str, graph: Graph) -> Signature:
    return Signature(
        key, {t.name: t.index for t in graph.inputs}, {t.name: t.index for t in graph.outputs}, graph.index
    )
