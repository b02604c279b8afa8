"""What a partition becomes before kernels are chosen: values on the device, and nodes that compute them.

Real numbers are stored as ``real`` (float32, or float16 with ``precision="float16"``). A tensor quantized
to 8 bits is stored as ``real`` too, as the integers stored - zero_point: real value = scale * (what is
stored). So the sums of a convolution stay exact integers, and each node rounds its result to such integers
as the model's tensor would be rounded. Constants of such models are dequantized once (``Value.data``).

On CPUs such integers may lie in memory as bytes, counted from the lowest one (``Value.narrow``): all else
that is said of the value, its ``dtype`` among it, is said of the integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from delegraph import DTYPES, Op, Tensor, define, field, frozen

# Stored as real numbers, whatever the file says.
_REAL = ("float32", "float16")
_QUANTIZED = {"int8": (-128, 127), "uint8": (0, 255)}
# What an element of each type is in OpenCL C.
C_TYPES = {d.name: d.c for d in DTYPES.values()} | {"real": "REAL"}


@define(eq=False)
class Value:
    """A tensor as the device holds it: contiguous, in the order of its axes."""

    tensor: Tensor
    shape: tuple[int, ...]
    dtype: str  # "real", or what the tensor says: "int32", "bool", "int16", ...
    scale: float = 1.0  # real value = scale * stored
    levels: tuple[int, int] | None = None  # lowest and highest stored value of a quantized tensor
    base: Value | None = None  # lies in this value's buffer, from element ``offset`` on
    offset: int = 0
    narrow: bool = False  # in memory lie bytes: stored - levels[0]

    @property
    def c_type(self) -> str:
        """What an element in memory is in OpenCL C."""
        return "uchar" if self.narrow else C_TYPES[self.dtype]

    @property
    def low(self) -> int:
        """What to add to a number in memory to get the stored one: 0 unless the value is narrow."""
        return self.levels[0] if self.narrow and self.levels else 0

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def is_constant(self) -> bool:
        return self.root.tensor.is_constant

    @property
    def root(self) -> Value:
        """The value that owns the buffer."""
        return self if self.base is None else self.base.root

    @property
    def root_offset(self) -> int:
        """Elements from the start of the root's buffer."""
        return 0 if self.base is None else self.base.root_offset + self.offset

    def data(self) -> np.ndarray:
        """Return a constant's values as they are stored on the device; real numbers as float32."""
        root = self.root.tensor
        assert root.data is not None
        if self.dtype == "real":
            values = dequantized(root)
            flat = values.reshape(-1) / np.float32(self.scale) if self.scale != 1 else values.reshape(-1)
        else:
            flat = root.data.reshape(-1)
        return flat[self.root_offset : self.root_offset + self.size].reshape(self.shape)


def value_of(tensor: Tensor) -> Value:
    """Return the value that stands for a tensor."""
    assert tensor.shape is not None
    if tensor.dtype in _REAL:
        return Value(tensor, tensor.shape, "real")
    if tensor.dtype in _QUANTIZED and tensor.scale:
        if tensor.is_constant:
            return Value(tensor, tensor.shape, "real")  # dequantized once
        low, high = (limit - tensor.zero_point for limit in _QUANTIZED[tensor.dtype])
        return Value(tensor, tensor.shape, "real", tensor.scale, (low, high))
    return Value(tensor, tensor.shape, tensor.dtype)


def dequantized(tensor: Tensor) -> np.ndarray:
    """Return a constant's real values, float32, of the tensor's shape."""
    assert tensor.data is not None
    q = tensor.quantization
    if tensor.dtype in _REAL or q is None or not len(q.scale):
        return tensor.data.astype(np.float32, copy=False)
    integers, scales = centered(tensor)
    real: np.ndarray = integers * along(scales, q.axis, integers.ndim)
    return real


def centered(tensor: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return a quantized constant as float32 integers stored - zero_point, and its scales, (1,) or (n,)."""
    assert tensor.data is not None
    assert tensor.quantization is not None
    q = tensor.quantization
    zero = along(q.zero_point.astype(np.float32), q.axis, tensor.data.ndim)
    return tensor.data.astype(np.float32) - zero, q.scale.astype(np.float32)


def along(values: np.ndarray, axis: int, rank: int) -> np.ndarray:
    """Return one value per slice along ``axis``, shaped to broadcast over an array of this rank."""
    if len(values) == 1:
        return values.reshape((1,) * rank)
    return values.reshape([-1 if i == axis else 1 for i in range(rank)])


@frozen(hash=False)
class PostOp:
    """Part of an epilogue: what becomes of ``v`` before it is stored.

    ``text`` is an OpenCL C expression of ``v`` and ``{0}``, ``{1}``, ...: floats, or float vectors of one
    width.
    An operand is a number, an array of one number per channel, or a value that is a single number, one per
    channel (the last axis), or of the result's shape.
    """

    text: str
    operands: tuple[Value | np.ndarray | PerRow | float, ...] = ()


@frozen(eq=False)
class Scratch:
    """Memory that one node needs while it runs."""

    nbytes: int


@frozen(eq=False)
class PerRow:
    """An operand that is a number for each row of a result, found while the model runs."""

    numbers: Scratch  # float32
    size: int  # elements of a row
    rows: int


@frozen(hash=False)
class Scaled(PostOp):
    """The last of a kernel's own post-ops, where ``v`` is an integer: times a scale, or one per channel.

    A quantized result is then rounded as TFLite rounds it (see
    :func:`delegraph_opencl.program.epilogue.epilogue_of`).
    """

    count: int = 1  # of a mean: TFLite divides its multiplier by the number of values


@frozen
class Place:
    """Where along the last axis of ``outputs[0]`` a node stores what it computes."""

    channel: int  # of the first one
    channels: int  # how many the node computes


@define(eq=False)
class Node:
    """An op, and what was fused into it."""

    op: Op  # the anchor: what the kernel computes
    kernel: Kernel
    inputs: list[Value | None]
    outputs: list[Value]  # what is stored: the last fused op's output
    result: Value = field(default=None)  # what the anchor itself computes: its own output
    epilogue: list[PostOp] = field(factory=list)  # of the fused ops, after the anchor's own
    merged: list[Op] = field(factory=list)  # the fused ops, for messages and the profile
    pads: tuple[tuple[int, int], ...] | None = None  # zeros around the input, per axis, of a merged PAD
    # Of merged MULs and ADDs of constants, float32, one per channel: sums and bias * factor, then + shift.
    factor: np.ndarray | None = None
    shift: np.ndarray | None = None
    place: Place | None = None  # the output is part of a wider value
    # Of merged TRANSPOSEs: in which order the op takes the axes of an input, by its number, and in which
    # order of its own axes its result is stored.
    orders: dict[int, tuple[int, ...]] = field(factory=dict)
    stored_order: tuple[int, ...] | None = None

    def __attrs_post_init__(self) -> None:
        if self.result is None:
            self.result = self.outputs[0]

    def input(self, number: int) -> Value:
        """Return an input that the op cannot do without."""
        value = self.inputs[number]
        assert value is not None
        return value

    @property
    def reads(self) -> list[Value]:
        """Every computed value that the node reads, those of its epilogue included."""
        extra = [o for post_op in self.epilogue for o in post_op.operands if isinstance(o, Value)]
        return [v for v in (*self.inputs, *extra) if v is not None and not v.is_constant]

    def __str__(self) -> str:
        return " + ".join(map(str, [self.op, *self.merged]))


@frozen(hash=False)
class Kernel:
    """How an op is computed: the ``kernel`` of a support row of this delegate.

    ``prepare(node, target)`` returns the launches that compute the node. With ``fuses`` it ends with
    ``epilogue_of(node)`` (see :mod:`delegraph_opencl.program.epilogue`), so that other ops can be fused
    into it. An elementwise op brings ``post_op(node, which)``: itself as a post-op of the node that
    computes its input number ``which``, or None where it cannot be one. ``views(node)`` says, for a node
    that moves nothing, from which element of its first input each output begins; None where the node has to
    move values. ``pads``: the kernel reads ``node.pads``, zeros around its input. ``folds``: it multiplies
    its sums by ``node.factor`` and adds ``node.shift``. ``narrow``: it takes inputs that are narrow, adding
    ``low`` to what it reads of them, and its outputs may be narrow, which asks nothing of a kernel that
    ends with ``epilogue_of(node)``. ``orders``: it minds ``node.orders`` and ``node.stored_order``.
    """

    prepare: Callable[[Node, Any], Iterable[Any]] | None = None
    fuses: bool = False
    post_op: Callable[[Node, int], PostOp | None] | None = None
    views: Callable[[Node], Sequence[int] | None] | None = None
    pads: bool = False
    folds: bool = False
    narrow: bool = False
    orders: bool = False


def numpy_type(value: Value) -> np.dtype:
    """Return the type of a value's elements outside the device: the tensor's own."""
    return DTYPES[value.tensor.dtype].numpy
