"""A graph in the making, which knows how large its numbers may get and who reads what.

Real numbers stay within ``NetValue.limit``: quantized tensors get scales that hold it, and moves that would
let floats grow without end are not made (see :mod:`graphs.moves`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import define, frozen
from delegraph import Builder, Tensor

from .claims import Claims, NotClaimed
from .dice import Dice

FLOATS = ("float32",)
BYTES = ("int8", "uint8")
WHOLE = ("int32", "int64")
STORED = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
MOST = 4096  # elements of a tensor
LARGEST_WHOLE = 2**30  # limit of whole numbers: none of them overflows


@frozen
class Kind:
    """What a graph's numbers are."""

    dtype: str  # of its inputs, and of most of its tensors
    weights: str  # of convolutions and products; of those in floats
    changes: float = 0.0  # how often a tensor is brought to another type
    inputs: Sequence[str] = ()  # types of inputs, where they are several


KINDS = {
    "float32": Kind("float32", "float32"),
    "float16": Kind("float32", "float16"),
    "hybrid": Kind("float32", "int8"),
    "int8": Kind("int8", "int8"),
    "uint8": Kind("uint8", "uint8"),
    "int16": Kind("int16", "int8"),
    "mixed": Kind("int8", "int8", 0.15),
    "int32": Kind("int32", "int32"),
    "int64": Kind("int64", "int64"),
    "int4": Kind("int8", "int4"),
    "logic": Kind("int32", "int32", inputs=("int32", "int32", "int64", "bool")),
}


@define(eq=False)
class NetValue:
    """A tensor that ops may read."""

    tensor: Tensor
    limit: float  # of the magnitude of its real numbers
    readers: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        assert self.tensor.shape is not None
        return self.tensor.shape

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def dtype(self) -> str:
        return self.tensor.dtype

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOATS

    @property
    def is_whole(self) -> bool:
        return self.dtype in WHOLE

    @property
    def is_flag(self) -> bool:
        return self.dtype == "bool"

    @property
    def quantization(self) -> dict[str, Any]:
        """What a builder's tensor takes, to be quantized in the same way."""
        if self.is_float or self.is_whole or self.is_flag:
            return {}
        return {"scale": self.tensor.scale, "zero_point": self.tensor.zero_point}


class Net:
    """A builder with a pool of values.

    :param claims: of the delegate that is to run the graph; None: every op is added as it comes.
    """

    def __init__(self, dice: Dice, kind: Kind, claims: Claims | None = None) -> None:
        self.g = Builder()
        self.dice = dice
        self.kind = kind
        self.claims = claims
        self.folded: dict[int, np.ndarray] = {}  # what core computes of constants, by index of the tensor
        self.values: list[NetValue] = []  # in the order in which they were made
        self.ops = 0

    def input(self, shape: Sequence[int], dtype: str, limit: float) -> NetValue:
        quantization = self.quantization(dtype, limit)
        return self._keep(NetValue(self.g.input(shape, dtype, **quantization), limit))

    def pick(
        self, fits: Callable[[NetValue], bool] = lambda value: True, flags: bool = False
    ) -> NetValue | None:
        """Return a value that fits, often the newest one that nobody has read: a number, or a flag."""
        fitting = [v for v in self.values if v.is_flag == flags and fits(v)]
        if not fitting:
            return None
        unread = [v for v in fitting if not v.readers]
        if unread and self.dice.chance(0.5):
            return unread[-1]
        return self.dice.one_of(fitting[-6:] if self.dice.chance(0.6) else fitting)

    def op(
        self, name: str, inputs: Sequence[NetValue | Tensor | None], *outputs: NetValue, **options: Any
    ) -> tuple[NetValue, ...]:
        """Add an op; its outputs, made by ``like`` or ``made``, are values from now on.

        :raises NotClaimed: the delegate does not take it.
        """
        tensors = [v.tensor if isinstance(v, NetValue) else v for v in inputs]
        written = [v.tensor for v in outputs]
        version = self._version(name, tensors, written, options)
        for value in {id(v): v for v in inputs if isinstance(v, NetValue)}.values():
            value.readers += 1
        self.g.op(name, tensors, written, version=version, **options)
        self.ops += 1
        for value in outputs:
            self._keep(value)
        return outputs

    def takes(self, name: str) -> bool:
        """Say whether the delegate claims an op of this name at all."""
        return self.claims is None or self.claims.has(name)

    def _version(
        self, name: str, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor], options: dict[str, Any]
    ) -> int:
        if self.claims is None:
            return 1
        if not self.claims.has(name):
            raise NotClaimed(name)
        return self.claims.version(name, inputs, outputs, options, self.folded, self.dice)

    def made(
        self, shape: Sequence[int], dtype: str, limit: float, stored: dict[str, Any] | None = None
    ) -> NetValue:
        """Return what an op may write.

        :param stored: scale and zero point, where the op asks for certain ones.
        """
        quantization = self.quantization(dtype, limit) if stored is None or dtype in FLOATS else stored
        return NetValue(self.g.tensor(shape, dtype, **quantization), limit)

    def like(self, value: NetValue, shape: Sequence[int] | None = None) -> NetValue:
        """Return what an op may write that only moves numbers: of the same scale."""
        return self.made(
            value.shape if shape is None else shape, value.dtype, value.limit, value.quantization
        )

    def quantization(self, dtype: str, limit: float) -> dict[str, Any]:
        """Return a scale and a zero point for real numbers up to a limit; {} for floats."""
        if dtype in (*FLOATS, *WHOLE, "bool"):
            return {}
        if dtype == "int16":
            return {"scale": float(np.float32(limit / 32767)), "zero_point": 0}
        low, high = STORED[dtype]
        offset = self.dice.one_of((0, 0, 0, 3, -17, 60))
        scale = 2 * limit / (255 - 2 * abs(offset)) * self.dice.one_of((1.0, 1.0, 0.7))
        return {"scale": float(np.float32(scale)), "zero_point": (low + high + 1) // 2 + offset}

    def floats(self, shape: Sequence[int], low: float, high: float) -> Tensor:
        """Return a constant of real numbers; stored as halves where the kind says so."""
        return self._halved(self.dice.floats(shape, low, high).astype(np.float32))

    def constant(self, shape: Sequence[int], dtype: str, limit: float) -> NetValue:
        """Return a constant that an op may read beside a value of this type."""
        if dtype in FLOATS:
            return NetValue(self.floats(shape, -limit, limit), limit)
        if dtype in WHOLE:
            most = max(int(limit), 1)
            return NetValue(self.g.constant(self.dice.integers(shape, -most, most).astype(dtype)), most)
        stored = self.quantization(dtype, limit)
        numbers = self.dice.integers(shape, *STORED[dtype]).astype(dtype)
        return NetValue(self.g.constant(numbers, **stored), limit)

    def ints(self, numbers: Any) -> Tensor:
        return self.g.constant(np.asarray(numbers, np.int32))

    def weights(
        self, shape: Sequence[int], x: NetValue, axis: int, per_channel: bool = False
    ) -> tuple[Tensor, np.ndarray]:
        """Return weights beside x, and their scales, one for each index along ``axis`` or one for all.

        The magnitudes of those that make one number of the output add up to about 2.
        """
        size = 4 * shape[axis] / max(int(np.prod(shape, dtype=np.int64)), 1)
        dtype = {"int8": "int8", "uint8": "uint8", "int16": "int8"}.get(x.dtype, self.kind.weights)
        dtype, most = ("int4", 7) if self.kind.weights == "int4" else (dtype, 127)
        if dtype in ("float32", "float16"):
            return self.floats(shape, -size, size), np.ones(1)
        spread = self.dice.floats((shape[axis],), 0.5, 1.0) * size / most
        per_channel = dtype in ("int8", "int4") and (per_channel or self.dice.chance(0.7))
        scales = (spread if per_channel else spread[:1]).astype(np.float32)
        zero_point = 128 + self.dice.one_of((0, 0, 7, -30)) if dtype == "uint8" and not x.is_float else 0
        if dtype == "uint8":
            numbers = self.dice.integers(shape, 1, 255).astype(np.uint8)
        else:
            numbers = self.dice.integers(shape, -most, most).astype(np.int8)
        points = [zero_point] * len(scales)
        return self.g.constant(numbers, dtype, scale=scales, zero_point=points, axis=axis), scales

    def bias(self, n: int, x: NetValue, scales: np.ndarray, always: bool = False) -> Tensor | None:
        """Return a bias for weights with these scales; unless ``always`` is said, sometimes none."""
        if not always and self.dice.chance(0.15):
            return None
        if x.is_float:
            return self.floats((n,), -0.2 * x.limit, 0.2 * x.limit)
        stored = x.tensor.scale * scales.astype(np.float64)
        numbers = np.rint(self.dice.floats((n,), -0.2 * x.limit, 0.2 * x.limit) / stored)
        numbers = numbers.astype(np.int64 if x.dtype == "int16" else np.int32)
        return self.g.constant(numbers, scale=stored, zero_point=[0] * len(stored))

    def _halved(self, numbers: np.ndarray) -> Tensor:
        if self.kind.weights != "float16":
            return self.g.constant(numbers)
        half = self.g.constant(numbers.astype(np.float16))
        whole: Tensor = self.g.op("DEQUANTIZE", [half], [self.g.tensor(numbers.shape, "float32")])
        self.folded[whole.index] = numbers.astype(np.float16).astype(np.float32)
        return whole

    def _keep(self, value: NetValue) -> NetValue:
        self.values.append(value)
        return value
