"""A model of one op in the making: what a recipe gets, and what LiteRT and delegraph then run.

LiteRT's Python interface cannot hand over bfloat16, float8 and types below a byte. Values of these travel
through a BITCAST or CAST on either side of the op, unless the draft is a bare one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from delegraph import DTYPES, Blocks, Builder, Graph, Model, Op, Record, Tensor

from .random_values import random_array

NO_SCALE = " (no scale)"  # after a type: its integers are plain numbers
IN_BLOCKS = " in blocks"  # after a type: blocks along the last axis have a scale each
QUANTIZED = ("int8", "uint8", "int16")  # types that have a scale unless the case says otherwise
USUAL_POINTS = {"int8": 3, "uint8": 131, "int16": 0}
ENDS = {"lowest": {"int8": -128, "uint8": 0}, "highest": {"int8": 127, "uint8": 255}}
_BITS = {"bfloat16": "uint16", "float8_e4m3fn": "uint8", "float8_e5m2": "uint8"}
_NARROW = ("int4", "uint4", "int2")


class Draft:
    """One op with its operands and their values."""

    def __init__(self, name: str, version: int, types: str, points: str = "", bare: bool = False) -> None:
        """Begin a model.

        :param points: "lowest" or "highest": zero points of 8-bit tensors are the ends of their types
        :param bare: the op is alone in the model
        """
        self.name = name
        self.points = USUAL_POINTS | ENDS.get(points, {})  # zero points by type
        self._is_bare = bare
        self.version = version
        self.is_quantized = NO_SCALE not in types
        self.builder = Builder()
        self.values: dict[int, np.ndarray] = {}  # of the op's operands that are no constants, by tensor
        self.given: set[int] = set()  # those of them whose values the recipe needs as they are
        self.feeds: list[np.ndarray] = []  # of the model's inputs, as LiteRT takes them
        self._sparse: dict[int, dict[str, Any]] = {}  # what sparse constants have, by tensor
        self._op = -1
        self.outputs: list[Tensor] = []  # of the op
        self._exits: list[Tensor] = []  # of the model

    def stored(self, dtype: str, scale: float = 0.05, zero_point: int | None = None) -> dict[str, Any]:
        """Return the quantization of a tensor of this type; {} where it has none."""
        if dtype not in QUANTIZED or not self.is_quantized:
            return {}
        return {"scale": scale, "zero_point": self.points[dtype] if zero_point is None else zero_point}

    def input(
        self,
        shape: Sequence[int],
        dtype: str,
        values: Any = None,
        *,
        low: float | None = None,
        high: float | None = None,
        **stored: Any,
    ) -> Tensor:
        """Return an operand that is computed: random values, or these."""
        shape = tuple(shape)
        given = values is not None
        if not given:
            values = random_values(dtype, shape, seed=len(self.values) + 1, low=low, high=high)
        array = np.asarray(values, DTYPES[dtype].numpy).reshape(shape)
        g = self.builder
        if self._is_bare:
            tensor = g.input(shape, dtype, **stored)
            self.feeds.append(array)
        elif dtype in _BITS:
            entry = g.input(shape, _BITS[dtype])
            tensor = g.op("BITCAST", [entry], [g.tensor(shape, dtype, **stored)])
            self.feeds.append(array)
        elif dtype in _NARROW:
            entry = g.input(shape, "float32")
            tensor = g.op("CAST", [entry], [g.tensor(shape, dtype, **stored)], version=9)
            self.feeds.append(array.astype(np.float32))
        else:
            tensor = g.input(shape, dtype, **stored)
            self.feeds.append(array)
        self.values[tensor.index] = array
        if given:
            self.given.add(tensor.index)
        return tensor

    def constant(self, values: Any, dtype: str | None = None, **stored: Any) -> Tensor:
        """Return an operand with fixed values."""
        if dtype is not None and dtype != "string":
            values = np.asarray(values).astype(DTYPES[dtype].numpy)
        return self.builder.constant(values, dtype, **stored)

    def sparse_constant(
        self, stored: np.ndarray, dtype: str, shape: Sequence[int], sparsity: Record
    ) -> Tensor:
        """Return an operand of this shape of which only some values are stored."""
        tensor = self.builder.constant(stored, dtype)
        self._sparse[tensor.index] = {"shape": tuple(shape), "sparsity": sparsity}
        return tensor

    def index(self, values: Any, dtype: str = "int32") -> Tensor:
        """Return a constant of indices, axes or sizes."""
        return self.constant(np.asarray(values), dtype)

    def in_blocks(self, shape: Sequence[int], size: int = 2) -> Blocks:
        """Return scales of blocks along the last axis of a tensor of this shape."""
        places = (*shape[:-1], shape[-1] // size)
        return Blocks(self.constant(random_values("float16", places, 6, 0.01, 0.5), "float16"), size)

    def variable(self, shape: Sequence[int], dtype: str, **stored: Any) -> Tensor:
        """Return an operand that keeps its value from one invoke to the next."""
        return self.builder.variable(shape, dtype, **stored)

    def output(self, shape: Sequence[int], dtype: str, **stored: Any) -> Tensor:
        """Return a tensor for the op to write."""
        return self.builder.tensor(shape, dtype, **stored)

    def op(self, inputs: Iterable[Tensor | None], outputs: Sequence[Tensor], **rest: Any) -> None:
        """Add the op itself: options by name, the rest as a Builder has it."""
        g = self.builder
        g.op(self.name, inputs, outputs, version=self.version, **rest)
        self._op = len(g._ops) - 1
        self.outputs = list(outputs)
        self._exits = [self._exit(t) for t in outputs]

    def exit_with(self, outputs: Sequence[Tensor]) -> None:
        """Name the outputs of a model whose ops the recipe has added to the builder itself."""
        self.outputs = list(outputs)
        self._exits = [self._exit(t) for t in outputs]

    def random(self, dtype: str, shape: Sequence[int]) -> np.ndarray:
        """Return values for a constant."""
        return random_values(dtype, tuple(shape), seed=5)

    def model(self) -> Model:
        """Return the finished model."""
        model = self.builder.model(self._exits)
        return _with_fields(model, self._sparse) if self._sparse else model

    def op_of(self, graph: Graph) -> Op:
        """Return the op itself among those of the model's main subgraph."""
        return graph.ops[self._op]

    def fed(self, values: Mapping[int, np.ndarray]) -> list[np.ndarray]:
        """Return other values of the op's operands as LiteRT takes them."""
        pairs = zip(self.values, self.feeds, strict=True)
        return [values[i].astype(feed.dtype, copy=False) for i, feed in pairs]

    def with_values(self, values: dict[int, np.ndarray]) -> Draft:
        """Return the draft with other values of the op's operands."""
        other = copy.copy(self)
        other.values, other.feeds = values, self.fed(values)
        return other

    def carried_back(self, found: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return LiteRT's outputs of the model as those of the op, in the arrays that delegraph keeps."""
        pairs = zip(self.outputs, found, strict=True)
        return [array.astype(DTYPES[t.dtype].numpy, copy=False) for t, array in pairs]

    def _exit(self, tensor: Tensor) -> Tensor:
        g, shape, end = self.builder, tensor.shape or (), tensor
        if self._is_bare:
            return tensor
        if tensor.dtype in _BITS:
            end = g.op("BITCAST", [tensor], [g.tensor(shape, _BITS[tensor.dtype])])
        elif tensor.dtype in _NARROW:
            end = g.op("CAST", [tensor], [g.tensor(shape, "float32")], version=9)
        return end


def _with_fields(model: Model, fields: dict[int, dict[str, Any]]) -> Model:
    """Return the model with other fields of some tensors of its main subgraph."""

    def changed(t: Any) -> Any:
        return t if t is None or t.index not in fields else attrs.evolve(t, **fields[t.index])

    graph = model.subgraphs[0]
    ops = tuple(attrs.evolve(op, inputs=tuple(map(changed, op.inputs))) for op in graph.ops)
    graph = attrs.evolve(graph, tensors=tuple(map(changed, graph.tensors)), ops=ops)
    return attrs.evolve(model, subgraphs=(graph, *model.subgraphs[1:]))


def random_values(
    dtype: str, shape: tuple[int, ...], seed: int, low: float | None = None, high: float | None = None
) -> np.ndarray:
    """Return reproducible values of a type; wide integers are small, floats finite."""
    count = int(np.prod(shape, dtype=np.int64))
    if dtype == "string":
        return np.array([b"s%d" % (7 * i % 5) for i in range(count)], object).reshape(shape)
    if dtype == "bfloat16":
        single = random_array("float32", shape, seed, low, high)
        return np.asarray(single.view(np.uint32) >> np.uint32(16), np.uint16)
    if dtype.startswith("float8"):
        first, last = (1, 0x70) if low is not None and low >= 0 else (-0x70, 0x70)
        drawn = random_array("int16", shape, seed, first, last)
        return np.asarray(np.abs(drawn) | np.where(drawn < 0, 0x80, 0)).astype(np.uint8)
    bits = DTYPES[dtype].bits
    if dtype.startswith(("int", "uint")) and bits > 16:
        low = max(-1000 if low is None else low, 0 if dtype.startswith("u") else -(2**31))
        high = 1000 if high is None else high
    elif dtype.startswith(("int", "uint")) and low is not None:
        signed = not dtype.startswith("u")
        least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        low, high = min(max(low, least), most), most if high is None else min(high, most)
    return random_array(dtype, shape, seed, low, high)
