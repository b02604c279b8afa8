"""Small integers that a run computes, as far as they are known before it: constants plus unknowns.

The counter ``i`` of a loop is unknown, but ``i + 1`` is one more, and a tensor of 200 rows without the
first ``i`` has ``200 - i``. So ``CONCATENATION(x[:i], y, x[i + 1:])`` has the shape of ``x`` for all ``i``.

All is computed without a limit, while a run wraps around at 32 or 64 bits. The difference is a multiple of
2**32: a result is that of the run where it lies within the range of its type (:func:`fits`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import DelegraphError
from ..model import DTYPES, Graph, Op, Shape, Tensor
from ..values import frozen

Unknown = tuple[int, int]  # (tensor, element)
MOST_VALUES = 16  # a tensor of more is no shape, no begin, no counter


@frozen
class Range:
    """What an integer can be; both ends are included."""

    low: float = -math.inf
    high: float = math.inf

    def or_of(self, other: Range) -> Range:
        return Range(min(self.low, other.low), max(self.high, other.high))


ANYTHING = Range()


@frozen
class Linear:
    """constant + the sum of factor * unknown."""

    constant: int = 0
    terms: tuple[tuple[Unknown, int], ...] = ()  # in the order of the unknowns; no factor is 0

    @property
    def is_constant(self) -> bool:
        return not self.terms

    def __add__(self, other: Linear) -> Linear:
        factors = dict(self.terms)
        for unknown, factor in other.terms:
            factors[unknown] = factors.get(unknown, 0) + factor
        terms = tuple(sorted((u, f) for u, f in factors.items() if f))
        return Linear(self.constant + other.constant, terms)

    def __neg__(self) -> Linear:
        return Linear(-self.constant, tuple((u, -f) for u, f in self.terms))

    def __sub__(self, other: Linear) -> Linear:
        return self + -other

    def __mul__(self, other: Linear) -> Linear:
        """:raises ValueError: neither is constant."""
        a, b = (self, other) if other.is_constant else (other, self)
        if not b.is_constant:
            raise ValueError(f"{self} * {other} is no sum")
        n = b.constant
        return Linear(a.constant * n, tuple((u, f * n) for u, f in a.terms) if n else ())

    def range(self, of: Mapping[Unknown, Range]) -> Range:
        """Return what it can be, given what its unknowns can be; any integer where that is not known."""
        low: float = self.constant
        high: float = self.constant
        for unknown, factor in self.terms:
            r = of.get(unknown, Range())
            ends = factor * r.low, factor * r.high
            low, high = low + min(ends), high + max(ends)
        return Range(low, high)


def fits(r: Range, dtype: str = "int32") -> bool:
    """Say whether a run can hold all of the range in this type."""
    low, high = DTYPES[dtype].limits
    return low <= r.low and r.high <= high


class Known:
    """What is known of the values of small integer tensors, and of sizes of unknown shapes, op by op.

    :param graph: whose ops are to be learned; nothing is known of tensors that it writes more than once.
    """

    def __init__(self, graph: Graph) -> None:
        written = Counter(t.index for op in graph.ops for t in op.outputs)
        written.update(t.index for t in graph.inputs)
        self._unsteady = {index for index, times in written.items() if times > 1}
        self.ranges: dict[Unknown, Range] = {}
        self._values: dict[int, np.ndarray] = {}  # of Linear, by tensor
        self._sizes: dict[int, tuple[Linear, ...]] = {}  # by tensor

    def values(self, tensor: Tensor | None) -> np.ndarray | None:
        """Return a tensor's values as an array of :class:`Linear`; None if it is none of small integers."""
        if tensor is None or tensor.dtype not in ("int32", "int64"):
            return None
        if tensor.is_variable or tensor.index in self._unsteady:
            return None
        if tensor.shape is None or tensor.size > MOST_VALUES:
            return None
        if tensor.index not in self._values:
            self._values[tensor.index] = _array(tensor.shape, self._own(tensor))
        return self._values[tensor.index]

    def value(self, tensor: Tensor | None) -> Linear | None:
        """Return the value of a tensor of one small integer."""
        found = self.values(tensor)
        return found.item() if found is not None and found.size == 1 else None

    def sizes(self, tensor: Tensor | None) -> tuple[Linear, ...] | None:
        """Return a tensor's shape."""
        if tensor is None or tensor.index in self._unsteady:
            return None
        return self._sizes.get(tensor.index) if tensor.shape is None else tuple(map(Linear, tensor.shape))

    def range(self, x: Linear) -> Range:
        return x.range(self.ranges)

    def learn(self, op: Op) -> None:
        """Find out what is known of the values that an op computes."""
        rule = _VALUES.get(op.name)
        if rule is None or len(op.outputs) != 1 or op.outputs[0].is_constant:
            return
        (y,) = op.outputs
        before = self.values(y)
        try:
            found = None if before is None else rule(self, op)
        except (
            ValueError,
            TypeError,
            IndexError,
            AttributeError,
        ):  # it will fail while running, or not matter
            return
        if before is not None and found is not None and np.shape(found) == before.shape:
            self._values[y.index] = _array(before.shape, found)

    def shapes(self, op: Op) -> list[Shape] | None:
        """Return the shapes of an op's outputs, if they follow from sizes that are known in part."""
        rule = _SIZES.get(op.name)
        try:
            sizes = None if rule is None else rule(self, op)
        except (ValueError, TypeError, IndexError, AttributeError):
            return None
        if sizes is None or len(op.outputs) != 1:
            return None
        self._sizes[op.outputs[0].index] = sizes
        if all(n.is_constant and n.constant >= 0 for n in sizes):
            return [tuple(n.constant for n in sizes)]
        return None

    def _own(self, tensor: Tensor) -> Sequence[Linear]:
        """Return a constant's values, and for a tensor that is computed an unknown for each."""
        if tensor.is_constant:
            try:
                assert tensor.data is not None
                return [Linear(int(v)) for v in tensor.data.ravel()]
            except DelegraphError:  # it was folded, and cannot be computed: the run will say so
                pass
        return [Linear(0, (((tensor.index, i), 1),)) for i in range(tensor.size)]


def _array(shape: tuple[int, ...], values: Any) -> np.ndarray:
    found = np.empty(int(np.prod(shape)), object)
    found[:] = list(np.asarray(values, object).ravel())
    return found.reshape(shape)


def _operands(known: Known, op: Op) -> list[np.ndarray]:
    found = [known.values(t) for t in op.inputs]
    if any(x is None for x in found) or op.options.get("fused_activation_function", "NONE") != "NONE":
        raise ValueError("an operand is no small integer, or the result is cut off")
    return found  # type: ignore[return-value]


def _constants(known: Known, op: Op, i: int) -> list[int]:
    found = known.values(op.inputs[i])
    if found is None or not all(v.is_constant for v in found.flat):
        raise ValueError(f"input {i} is not constant")
    return [v.constant for v in found.flat]


def _binary(compute: Callable[[Any, Any], Any]) -> Callable[[Known, Op], Any]:
    return lambda known, op: compute(*_operands(known, op))


def _as_first(known: Known, op: Op) -> Any:
    found = known.values(op.inputs[0])
    return None if found is None else found.reshape(op.outputs[0].shape)


def _joined(known: Known, op: Op) -> Any:
    return np.concatenate(_operands(known, op), op.options.axis)


def _packed(known: Known, op: Op) -> Any:
    return np.stack(_operands(known, op), op.options.axis)


def _shape(known: Known, op: Op) -> Any:
    return known.sizes(op.inputs[0])


def _picked(known: Known, op: Op) -> Any:
    x, where = known.values(op.inputs[0]), _constants(known, op, 1)
    if x is None or op.options.batch_dims or min(where, default=0) < 0:
        return None
    shape = op.inputs[1].shape or () if op.inputs[1] is not None else ()
    return np.take(x, np.array(where, np.int64).reshape(shape), op.options.axis)


def _slice_of_values(known: Known, op: Op) -> Any:
    x = known.values(op.inputs[0])
    begin, size = _constants(known, op, 1), _constants(known, op, 2)
    ends = [None if n < 0 else b + n for b, n in zip(begin, size, strict=True)]
    return None if x is None else x[tuple(map(slice, begin, ends))]


def _strided(known: Known, op: Op) -> Any:
    """One index or span of a vector, as a shape is taken apart."""
    x = known.values(op.inputs[0])
    ((begin,), (end,), (stride,)) = (_constants(known, op, i) for i in (1, 2, 3))
    o = op.options
    if (
        x is None
        or x.ndim != 1
        or stride != 1
        or o.ellipsis_mask
        or o.new_axis_mask
        or o.get("offset", False)
    ):
        return None
    if o.shrink_axis_mask:
        return x[0 if o.begin_mask else begin]
    return x[None if o.begin_mask else begin : None if o.end_mask else end]


def _slice(known: Known, op: Op) -> tuple[Linear, ...] | None:
    """SLICE: a size of -1 reaches to the end; so no size may be that one unawares."""
    x, begin, size = known.sizes(op.inputs[0]), known.values(op.inputs[1]), known.values(op.inputs[2])
    if x is None or begin is None or size is None:
        return None
    rows = zip(x, begin.flat, size.flat, strict=True)
    found = [d - b if n == Linear(-1) else n for d, b, n in rows]
    sure = all(known.range(n).low >= 0 and fits(known.range(n)) for n in size.flat if n != Linear(-1))
    sure = sure and all(b.is_constant or fits(known.range(b)) for b in begin.flat)
    return tuple(found) if sure else None


def _concatenation(known: Known, op: Op) -> tuple[Linear, ...] | None:
    shapes = [known.sizes(t) for t in op.inputs]
    if None in shapes or len({len(s or ()) for s in shapes}) != 1:
        return None
    columns = list(zip(*(s for s in shapes if s is not None), strict=True))
    axis = op.options.axis % len(columns)
    sums = [sum(column, Linear()) if a == axis else _surest(column) for a, column in enumerate(columns)]
    return tuple(sums)


def _surest(sizes: Sequence[Linear]) -> Linear:
    """Return one of sizes that have to be equal: a constant one if there is."""
    return next((n for n in sizes if n.is_constant), sizes[0])


_VALUES: dict[str, Callable[[Known, Op], Any]] = {
    "ADD": _binary(lambda x, y: x + y),
    "CONCATENATION": _joined,
    "EXPAND_DIMS": _as_first,
    "GATHER": _picked,
    "MUL": _binary(lambda x, y: x * y),
    "NEG": lambda known, op: -_operands(known, op)[0],
    "PACK": _packed,
    "RESHAPE": _as_first,
    "SHAPE": _shape,
    "SLICE": _slice_of_values,
    "SQUEEZE": _as_first,
    "STRIDED_SLICE": _strided,
    "SUB": _binary(lambda x, y: x - y),
}
_SIZES: dict[str, Callable[[Known, Op], tuple[Linear, ...] | None]] = {
    "CONCATENATION": _concatenation,
    "SLICE": _slice,
}
