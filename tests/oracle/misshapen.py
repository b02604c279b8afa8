"""Models of one op gone wrong: operands of another rank or size, absent or too many, options at extremes.

``mutants(model)`` yields them, each changed in one place, with a word on what was changed. They ask whether
a support row has every constraint that makes its kernel safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import evolve
from delegraph import DTYPES, Model, Op, Tensor

INDICES = ("int16", "int32", "int64")
NUMBERS = (-(2**31), -100, -2, -1, 0, 1, 2, 3, 100, 2**31 - 1)  # for axes, sizes, places and options
ENUMS = {"padding": ("SAME", "VALID"), "mode": ("REFLECT", "SYMMETRIC")}
_PLACES = 8  # of an operand's values, each changed alone


def mutants(model: Model) -> Iterator[tuple[str, Model]]:
    """Yield (what was changed, the model) for every single change of the model's first op."""
    op = model.subgraphs[0].ops[0]
    for i, operand in enumerate(op.inputs):
        if operand is not None:
            yield from _reshaped(model, i, operand)
            yield from _renumbered(model, i, operand)
    yield from _more_or_fewer(model, op)
    yield from _with_other_options(model, op)


def _reshaped(model: Model, i: int, tensor: Tensor) -> Iterator[tuple[str, Model]]:
    shape = tensor.shape or ()
    for other in dict.fromkeys(_shapes(shape)):
        changed = evolve(tensor, shape=other, data=_resized(tensor.data, other))
        yield f"input {i} {shape} -> {other}", _with_tensor(model, changed)


def _shapes(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    yield from ((*shape, 1), (1, *shape), (*shape, 2), (2, *shape))
    if shape:
        yield from (shape[1:], shape[:-1])
    for axis, size in enumerate(shape):
        for other in (0, 1, size + 1, size - 1, 2 * size):
            yield (*shape[:axis], other, *shape[axis + 1 :])


def _resized(data: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return a constant's values, repeated or cut to another shape."""
    if data is None:
        return None
    return np.resize(data, shape) if data.size else np.zeros(shape, data.dtype)


def _renumbered(model: Model, i: int, tensor: Tensor) -> Iterator[tuple[str, Model]]:
    """Change the values of a constant that holds axes, sizes or places."""
    if tensor.data is None or tensor.dtype not in INDICES or tensor.scale:
        return
    limits = np.iinfo(DTYPES[tensor.dtype].numpy)
    for number in (n for n in NUMBERS if limits.min <= n <= limits.max):
        for place in range(min(tensor.data.size, _PLACES)):
            values = np.array(tensor.data)
            values.reshape(-1)[place] = number
            yield f"input {i} [{place}] = {number}", _with_tensor(model, evolve(tensor, data=values))
        alike = np.full_like(tensor.data, number)
        yield f"input {i} = {number}", _with_tensor(model, evolve(tensor, data=alike))


def _more_or_fewer(model: Model, op: Op) -> Iterator[tuple[str, Model]]:
    for i in range(len(op.inputs)):
        absent = (*op.inputs[:i], None, *op.inputs[i + 1 :])
        yield f"input {i} absent", _with_op(model, evolve(op, inputs=absent))
    yield "the last input gone", _with_op(model, evolve(op, inputs=op.inputs[:-1]))
    yield "one more input, absent", _with_op(model, evolve(op, inputs=(*op.inputs, None)))
    yield "one more input, the first", _with_op(model, evolve(op, inputs=(*op.inputs, op.inputs[0])))


def _with_other_options(model: Model, op: Op) -> Iterator[tuple[str, Model]]:
    for name, value in op.options:
        for other in _other_values(name, value):
            changed = evolve(op, options=op.options.replace(**{name: other}))
            yield f"{name} {value} -> {other}", _with_op(model, changed)


def _other_values(name: str, value: object) -> Sequence[object]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return [n for n in NUMBERS if n != value]
    if isinstance(value, float):
        return (0.0, -1.0, float("inf"), float("nan"))
    return [other for other in ENUMS.get(name, ()) if other != value]


def _with_tensor(model: Model, tensor: Tensor) -> Model:
    """Return the model with a tensor in place of the one of its index."""
    graph = model.subgraphs[0]

    def of(tensors: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
        return tuple(tensor if t is not None and t.index == tensor.index else t for t in tensors)

    ops = tuple(evolve(op, inputs=of(op.inputs), outputs=of(op.outputs)) for op in graph.ops)
    lists = {name: of(getattr(graph, name)) for name in ("tensors", "inputs", "outputs")}
    return evolve(model, subgraphs=(evolve(graph, ops=ops, **lists), *model.subgraphs[1:]))


def _with_op(model: Model, op: Op) -> Model:
    graph = model.subgraphs[0]
    return evolve(model, subgraphs=(evolve(graph, ops=(op, *graph.ops[1:])), *model.subgraphs[1:]))
