"""A .tflite model as plain values, named as schema.fbs names them.

``Model`` → ``Graph`` (a subgraph) → ``Op`` → ``Tensor``. All are frozen; change one with
``attrs.evolve``. Tables of the schema that carry no meaning of their own for delegraph (options of
an op, sparsity, …) are :class:`Record` values: attribute access by the schema's field names, enums as
the schema's spelling: ``op.options.padding == "SAME"``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from ..errors import InputError
from ..text import bytes_text, escaped, few, plural, shape_text, shortened
from ..values import evolve, field, fields, frozen
from . import schema
from .dtypes import DTYPES
from .mapped import release

Shape = tuple[int, ...] | None  # None where only a run's values decide it

# Which inputs are the state of a builtin op: it writes those of them that are variable tensors.
_STATES: Mapping[str, tuple[int, ...]] = {
    "BIDIRECTIONAL_SEQUENCE_LSTM": (35, 36, 37, 38),
    "BIDIRECTIONAL_SEQUENCE_RNN": (4, 8),
    "LSTM": (18, 19),
    "RNN": (4,),
    "SVDF": (4,),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (18, 19),
    "UNIDIRECTIONAL_SEQUENCE_RNN": (4,),
}
_BASIC_LSTM_STATES = (1, 4)  # of the LSTM that has 5 inputs


class Record:
    """One table of the schema as a value: read-only attributes, compared by content."""

    __slots__ = ("_fields", "table")

    table: str  # the schema's name, e.g. "Conv2DOptions"

    def __init__(self, table: str, fields: Mapping[str, Any]) -> None:
        object.__setattr__(self, "table", table)
        object.__setattr__(self, "_fields", dict(fields))

    def __getattr__(self, name: str) -> Any:
        try:
            return self._fields[name]
        except KeyError:
            known = ", ".join(self._fields) or "none"
            raise AttributeError(f"{self.table} has no field {name!r}; it has: {known}") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self.table} is read-only; make a new one with .replace({name}=...)")

    def __reduce__(self) -> tuple[Any, ...]:
        return Record, (self.table, self._fields)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self._fields.items())

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return self.table == other.table and same_value(self._fields, other._fields)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{self.table}({', '.join(f'{k}={_brief(v)}' for k, v in self)})"

    def get(self, name: str, default: Any = None) -> Any:
        """Return the field's value, or ``default`` where the table has no such field."""
        return self._fields.get(name, default)

    def replace(self, **changes: Any) -> Record:
        """Return a copy with some fields changed."""
        return Record(self.table, self._fields | changes)


def same_value(a: Any, b: Any) -> bool:
    """Say whether two field values are equal; arrays by dtype, shape and stored bits."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return (
            isinstance(a, np.ndarray)
            and isinstance(b, np.ndarray)
            and a.dtype == b.dtype
            and a.shape == b.shape
            and (a is b or a.tobytes() == b.tobytes())
        )
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_value(a[k], b[k]) for k in a)
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(same_value, a, b))
    return bool(a == b) or (a != a and b != b)  # NaN equals NaN here


def _brief(value: Any) -> str:
    return shortened(repr(value), 60)


class _Bits:
    """What of a field is compared, where ``same_value`` says what is equal."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bits) and same_value(self.value, other.value)

    __hash__ = None  # type: ignore[assignment]


NO_OPTIONS = Record("NONE", {})


@frozen(hash=False)
class Blocks:
    """Scales that lie in a tensor of their own: one for each block of values along the last axis.

    Of values (rows, depth) the scales are (rows, depth / size). The file calls it BlockwiseQuantization,
    with ``axes`` MultiAxisQuantization.
    """

    scales: Tensor  # of the same subgraph, float16
    size: int  # values in a block
    zero_points: Tensor | None = None  # of the same subgraph
    shape: tuple[int, ...] | None = None  # of a block, where the file says it
    axes: tuple[int, ...] | None = None  # those with scales of their own; None: the last one, in blocks


@frozen(hash=False)
class Quantization:
    """real = scale * (stored - zero_point); one scale, one per slice along ``axis``, or one per block."""

    scale: np.ndarray = field(eq=_Bits)  # float32, shape (1,) or (channels,); () if absent
    zero_point: np.ndarray = field(eq=_Bits)  # int64, same shape
    axis: int = 0  # quantized_dimension
    min: np.ndarray | None = field(default=None, eq=_Bits)  # float32, as the converter saw it
    max: np.ndarray | None = field(default=None, eq=_Bits)
    custom: Record | None = None  # CustomQuantization
    blocks: Blocks | None = None  # ``scale`` and ``zero_point`` are empty then

    @property
    def is_per_axis(self) -> bool:
        return len(self.scale) > 1

    def __repr__(self) -> str:
        return f"<Quantization: {self._about}>"

    @property
    def _about(self) -> str:
        if self.blocks is not None:
            return f"blocks of {self.blocks.size}, scales in tensor {self.blocks.scales.index}"
        if self.is_per_axis:
            return f"{len(self.scale)} scales along axis {self.axis}"
        if not len(self.scale):
            return "custom" if self.custom is not None else "no scale"
        zero_point = int(self.zero_point[0]) if len(self.zero_point) else 0
        return f"scale {self.scale[0]:.6g}, zero point {zero_point}"


@runtime_checkable
class Remaking(Protocol):
    """Makes values when they are asked for, and anew when it has forgotten them."""

    def __call__(self) -> np.ndarray: ...

    def forget(self) -> None: ...


@frozen(hash=False)
class Tensor:
    """One tensor of a subgraph: what the file says of it, and its values if it is constant."""

    index: int  # in its subgraph
    name: str
    dtype: str  # a key of ``delegraph.dtypes.DTYPES``: "int8", "bfloat16", "int4", "string", ...
    shape: tuple[int, ...] | None  # None where only a run's values decide it
    shape_signature: tuple[int, ...] | None = None  # -1 where callers may resize; None if absent
    quantization: Quantization | None = None
    # Constant values: an array, or a function that makes it when first asked for. dtype as
    # DTYPES[dtype].numpy; int4/int2 unpacked, one value an element; strings as bytes objects.
    _data: np.ndarray | Callable[[], np.ndarray] | None = field(default=None, repr=False, eq=False)
    buffer: int = 0  # index into Model.buffers; 0 is the empty buffer
    is_variable: bool = False  # keeps its value from one invoke to the next
    sparsity: Record | None = None  # SparsityParameters: the buffer holds only the nonzero blocks
    has_rank: bool = False  # as in the file: whether an empty shape means a scalar
    variant_tensors: tuple[Record, ...] = ()
    external_buffer: int = 0
    # What a variable holds when it is first used: an op of constants wrote it once. None: as after a reset.
    begins: Callable[[], np.ndarray] | None = field(default=None, repr=False, eq=False)
    _maker: Remaking | None = field(
        default=None, init=False, repr=False, eq=False
    )  # of what ``_data`` is now

    @property
    def is_constant(self) -> bool:
        return self._data is not None

    @property
    def data(self) -> np.ndarray | None:
        """The constant's values, read-only, of the tensor's shape; None if the tensor is computed.

        A sparse tensor gives its stored values, flat; DENSIFY makes them dense.
        """
        found = self._data
        if callable(found):
            maker, found = found, found()
            if isinstance(maker, Remaking):
                object.__setattr__(self, "_maker", maker)
            object.__setattr__(self, "_data", found)
        return found

    def release(self) -> None:
        """Let the system take back the memory of constant values, of a mapped file or computed from such.

        For a delegate that has made its own of them; who asks for ``data`` again reads the file again, or
        has them computed again.
        """
        if self._maker is not None:
            object.__setattr__(self, "_data", self._maker)
            self._maker.forget()
        elif isinstance(self._data, np.ndarray):
            release(self._data)

    @property
    def nbytes(self) -> int | None:
        """Bytes of the values in the file's packing; None if the shape or the width is unknown."""
        bits = DTYPES[self.dtype].bits
        if self.shape is None or not bits:
            return None
        return (self.size * bits + 7) // 8

    @property
    def size(self) -> int:
        """Number of elements; a shape that is unknown counts as empty."""
        n = 0 if self.shape is None else 1
        for d in self.shape or ():
            n *= d
        return n

    @property
    def scale(self) -> float:
        """The one scale of a tensor quantized as a whole; 0.0 where there is no quantization."""
        q = self.quantization
        return float(q.scale[0]) if q is not None and len(q.scale) else 0.0

    @property
    def zero_point(self) -> int:
        """The one zero point of a tensor quantized as a whole; 0 where there is none."""
        q = self.quantization
        return int(q.zero_point[0]) if q is not None and len(q.zero_point) else 0

    def replace(self, **changes: Any) -> Tensor:
        """Return a copy with some fields changed; ops and graphs keep the tensor that they had."""
        return _changed(self, changes)

    def __repr__(self) -> str:
        kind = "constant" if self.is_constant else "variable" if self.is_variable else ""
        quantization = "" if self.quantization is None else self.quantization._about
        facts = [f"{self.dtype} {shape_text(self.shape)}", *filter(None, (quantization, kind))]
        return f"<Tensor {self.index} {shortened(escaped(self.name), 40)!r}: {', '.join(facts)}>"


@frozen(hash=False)
class Op:
    """One operator of a subgraph."""

    index: int  # position in the subgraph: also the order of execution in the file
    name: str  # "CONV_2D"; a custom op's own name; "STABLEHLO_COMPOSITE:name" for a composite
    version: int
    inputs: tuple[Tensor | None, ...]  # None for an optional input left out
    outputs: tuple[Tensor, ...]
    options: Record = NO_OPTIONS  # defaults filled in where the file leaves the table out
    intermediates: tuple[Tensor, ...] = ()  # scales inside an integer LSTM
    custom_options: bytes = b""  # a custom op's own, opaque here
    mutating_variable_inputs: tuple[bool, ...] = ()
    code: int = 0  # index into Model.operator_codes
    debug_metadata_index: int = -1
    has_options: bool = True  # False where the file leaves the options table out
    # The subgraphs that its options name, for an op whose kernel reads them (STABLEHLO_SCATTER's update);
    # set when a model is specialized.
    bodies: tuple[Graph, ...] = field(default=(), repr=False, eq=False)

    @property
    def variables(self) -> tuple[Tensor, ...]:
        """The inputs that are this op's state: run returns their next values after the outputs.

        Other inputs of a builtin op may be variable tensors, too: it reads them, and leaves them as they
        are. A custom op is taken to write all that it has.
        """
        if self.name not in schema.ENUMS["BuiltinOperator"].values:
            return tuple(t for t in self.inputs if t is not None and t.is_variable)
        if (states := _STATES.get(self.name)) is None:
            return ()
        if self.name == "LSTM" and len(self.inputs) == 5:
            states = _BASIC_LSTM_STATES
        found = (self.inputs[i] for i in states if i < len(self.inputs))
        return tuple(t for t in found if t is not None and t.is_variable)

    def replace(self, **changes: Any) -> Op:
        """Return a copy with some fields changed."""
        return _changed(self, changes)

    def __str__(self) -> str:
        return f"op #{self.index} {self.name} v{self.version}"

    def __repr__(self) -> str:
        given, made = (few([_typed(t) for t in some]) for some in (self.inputs, self.outputs))
        return f"<Op #{self.index} {shortened(escaped(self.name), 40)} v{self.version}: {given} -> {made}>"


@frozen(hash=False)
class Graph:
    """A subgraph: its ops stand in the order in which the file wants them run."""

    name: str
    tensors: tuple[Tensor, ...] = field(repr=False)
    ops: tuple[Op, ...] = field(repr=False)
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    index: int = 0  # in Model.subgraphs
    debug_metadata_index: int = -1
    # Ops of constants that have left ``ops``: their outputs are constants now (see specialize).
    folded: tuple[Op, ...] = field(default=(), repr=False)
    # Ops that have left ``ops`` because a rewritten one does without what they compute.
    merged: tuple[Op, ...] = field(default=(), repr=False)

    def replace(self, **changes: Any) -> Graph:
        """Return a copy with some fields changed."""
        return _changed(self, changes)

    def __repr__(self) -> str:
        sizes = f"{plural(len(self.ops), 'op')}, {plural(len(self.tensors), 'tensor')}"
        return f"<Graph {self.index} {shortened(escaped(self.name), 40)!r}: {sizes}>"


@frozen(hash=False)
class OperatorCode:
    name: str  # the builtin's name, or "CUSTOM"
    version: int
    custom_code: str | None = field(default=None, repr=_brief)
    deprecated_builtin_code: int = 0  # as stored: old files hold the code here alone


@frozen(hash=False)
class Signature:
    """A named entry of the model: names of arguments and results → tensors of one subgraph."""

    key: str  # "serving_default"
    inputs: dict[str, int]  # argument name -> tensor index
    outputs: dict[str, int]
    subgraph: int = 0

    def __repr__(self) -> str:
        names = f"{few(list(self.inputs))} -> {few(list(self.outputs))}"
        return f"<Signature {shortened(escaped(self.key), 40)!r}: {names}>"


@frozen(hash=False)
class Metadata:
    name: str = field(repr=_brief)
    buffer: int  # index into Model.buffers


@frozen(hash=False)
class Model:
    """A whole .tflite file."""

    subgraphs: tuple[Graph, ...]
    operator_codes: tuple[OperatorCode, ...] = field(default=(), repr=False)
    # uint8 views of the mapped file; None for a buffer without data
    buffers: tuple[np.ndarray | None, ...] = field(default=(None,), repr=False, eq=_Bits)
    signatures: tuple[Signature, ...] = ()
    metadata: tuple[Metadata, ...] = ()
    metadata_buffer: tuple[int, ...] = ()  # deprecated twin of ``metadata``
    description: str | None = None
    version: int = 3
    external_buffer_groups: tuple[Record, ...] = ()
    external_buffers: tuple[Record, ...] = ()
    # Bytes after the FlatBuffer: the zip archive with labels that metadata tools append.
    trailer: bytes = field(default=b"", repr=False)
    source: str = field(default="<memory>", eq=False)  # the file's name, for messages
    # Warnings about the model that were given: models made of it share them.
    _said: set[str] = field(factory=set, repr=False, eq=False)

    def replace(self, **changes: Any) -> Model:
        """Return a copy with some fields changed: ``model.replace(description="second try")``."""
        return _changed(self, changes)

    def __repr__(self) -> str:
        sizes = plural(sum(len(g.ops) for g in self.subgraphs), "op")
        if len(self.subgraphs) != 1:
            sizes += f" in {plural(len(self.subgraphs), 'subgraph')}"
        constants = [t for g in self.subgraphs for t in g.tensors if t.is_constant]
        held = {t.buffer or -i: t.nbytes or 0 for i, t in enumerate(constants, 1)}  # some share a buffer
        sizes += f", {bytes_text(sum(held.values()))} of constants"
        return f"<Model {shortened(escaped(self.source), 80)!r}: {sizes}>"

    def _repr_html_(self) -> str:
        from ..report.model_text import html

        return html(self)


def said_first(model: Model, warning: str) -> bool:
    """Say whether a warning about a model is new, and remember it."""
    is_new = warning not in model._said
    model._said.add(warning)
    return is_new


T = TypeVar("T", Tensor, Op, Graph, Model)


def _changed(value: T, changes: Mapping[str, Any]) -> T:
    known = [f.alias for f in fields(type(value)) if not f.name.startswith("_")]
    if unknown := [name for name in changes if name not in known]:
        raise InputError(f"{type(value).__name__} has no field {unknown[0]!r}; it has: {', '.join(known)}")
    return evolve(value, **changes)


def _typed(tensor: Tensor | None) -> str:
    return "none" if tensor is None else f"{tensor.dtype} {shape_text(tensor.shape)}"
