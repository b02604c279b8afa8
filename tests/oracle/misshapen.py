"""Models of one op gone wrong: another rank, size, type or source of an operand, options at extremes.

``mutants(model, feeds)`` yields them, each changed in one place, with a word on what was changed. They ask
whether a support row has every constraint that makes its kernel safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from attrs import evolve
from delegraph import DTYPES, Graph, Model, Op, Quantization, Tensor
from delegraph.model import Record, options_record, schema
from delegraph_conformance.draft import random_values
from replaced_tensor import with_tensor

INDICES = ("int16", "int32", "int64")
NUMBERS = (-(2**31), -100, -2, -1, 0, 1, 2, 3, 100, 2**31 - 1)  # for axes, sizes, places and options
LONGS = (-(2**63), 2**63 - 1)
REALS = (0.0, -0.0, -1.0, 1e-45, 1e38, float("inf"), float("-inf"), float("nan"))
TYPES = ("float32", "int8", "int32", "int64", "bool", "string")  # for an operand of another type
_PLACES = 8  # of an operand's values or an option's, each changed alone

Mutant = tuple[str, Model]


def mutants(model: Model, feeds: Sequence[np.ndarray], place: int = 0) -> Iterator[Mutant]:
    """Yield (what was changed, the model) for every single change of an op of the model.

    :param feeds: values of the model's inputs, for those that become constants
    :param place: of the op among those of the main subgraph
    """
    graph = model.subgraphs[0]
    given = {t.index: feed for t, feed in zip(graph.inputs, feeds, strict=True)}
    op = graph.ops[place]
    for i, operand in enumerate(op.inputs):
        if operand is not None:
            yield from _reshaped(model, i, operand)
            yield from _renumbered(model, i, operand)
            yield from _retyped(model, f"input {i}", operand)
            yield from _requantized(model, f"input {i}", operand)
            yield from _of_another_source(model, i, operand, given.get(operand.index))
    for i, result in enumerate(op.outputs):
        yield from _retyped(model, f"output {i}", result)
        yield from _requantized(model, f"output {i}", result)
        yield from _declared_otherwise(model, i, result)
    yield from more_or_fewer(model, op)
    yield from _with_other_options(model, op)


def fed(
    model: Model, feeds: dict[int, np.ndarray], tensors: Sequence[Tensor] | None = None
) -> list[np.ndarray]:
    """Return arrays for a changed model's inputs: those of the model before, cut or repeated, by tensor.

    :param tensors: in place of the inputs
    """
    chosen = model.subgraphs[0].inputs if tensors is None else tensors
    return [_fitting(feeds.get(t.index), t) for t in chosen]


def in_a_branch(model: Model) -> Model:
    """Return a model of one subgraph as both branches of an IF; the condition is the first input."""
    body = model.subgraphs[0]
    tensors = _ends((Tensor(0, "condition", "bool", ()), *body.inputs, *body.outputs))
    inputs, outputs = tensors[: 1 + len(body.inputs)], tensors[1 + len(body.inputs) :]
    options = options_record("IF").replace(then_subgraph_index=1, else_subgraph_index=2)
    op = Op(0, "IF", 1, inputs=inputs, outputs=outputs, options=options)
    main = evolve(body, tensors=tensors, inputs=inputs, outputs=outputs, ops=(op,), name="main")
    return evolve(model, subgraphs=(main, *(evolve(body, index=i, name=f"branch {i}") for i in (1, 2))))


def in_a_loop(model: Model) -> Model:
    """Return a model of one subgraph as the body of a WHILE.

    Its inputs are a counter, the number of rounds, the body's inputs, and its outputs before a round.
    """
    body = model.subgraphs[0]
    carried = (*(Tensor(0, name, "int32", ()) for name in ("counter", "rounds")), *body.inputs)
    before = _ends((*carried, *body.outputs))
    after = _ends((*carried, *body.outputs), len(before))
    options = options_record("WHILE").replace(cond_subgraph_index=1, body_subgraph_index=2)
    op = Op(0, "WHILE", 1, inputs=before, outputs=after, options=options)
    results = after[len(carried) :]
    main = evolve(body, tensors=before + after, inputs=before, outputs=results, ops=(op,), name="main")
    goes_on = Tensor(len(before), "goes on", "bool", ())
    less = _op(0, "LESS", before[:2], goes_on)
    condition = evolve(body, index=1, tensors=(*before, goes_on), inputs=before, outputs=(goes_on,))
    return evolve(model, subgraphs=(main, evolve(condition, ops=(less,), name="goes on"), _round(body)))


def _round(body: Graph) -> Graph:
    """Return the body of a loop: it counts, hands its inputs on, and computes its outputs anew."""
    counters = [Tensor(0, name, "int32", ()) for name in ("counter", "rounds", "next")]
    counter, rounds, following, *before = new = _ends((*counters, *body.outputs), len(body.tensors))
    add = _op(len(body.ops), "ADD", (counter, rounds), following)
    inputs = (counter, rounds, *body.inputs, *before)
    outputs = (following, rounds, *body.inputs, *body.outputs)
    tensors, ops = (*body.tensors, *new), (*body.ops, add)
    return evolve(body, index=2, tensors=tensors, inputs=inputs, outputs=outputs, ops=ops, name="round")


def _op(index: int, name: str, inputs: tuple[Tensor, ...], output: Tensor) -> Op:
    return Op(index, name, 1, inputs=inputs, outputs=(output,), options=options_record(name))


def _ends(tensors: tuple[Tensor, ...], start: int = 0) -> tuple[Tensor, ...]:
    """Return tensors of these types and shapes, numbered from ``start``, that have no values."""
    plain = {"data": None, "buffer": 0, "is_variable": False, "sparsity": None}
    return tuple(evolve(t, index=i, name=f"end {i}", **plain) for i, t in enumerate(tensors, start))


def _fitting(values: np.ndarray | None, t: Tensor) -> np.ndarray:
    dtype, shape = DTYPES[t.dtype].numpy, t.shape or ()
    if values is None or values.dtype != dtype or not values.size:
        return random_values(t.dtype, shape, seed=3).astype(dtype)
    return np.resize(values, shape)


def _reshaped(model: Model, i: int, tensor: Tensor) -> Iterator[Mutant]:
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


def _renumbered(model: Model, i: int, tensor: Tensor) -> Iterator[Mutant]:
    """Change the values of a constant that holds axes, sizes or places."""
    if tensor.data is None or tensor.dtype not in INDICES or tensor.scale:
        return
    limits = np.iinfo(DTYPES[tensor.dtype].numpy)
    for number in (n for n in (*NUMBERS, *LONGS) if limits.min <= n <= limits.max):
        for place in range(min(tensor.data.size, _PLACES)):
            values = np.array(tensor.data)
            values.reshape(-1)[place] = number
            yield f"input {i} [{place}] = {number}", _with_tensor(model, evolve(tensor, data=values))
        alike = np.full_like(tensor.data, number)
        yield f"input {i} = {number}", _with_tensor(model, evolve(tensor, data=alike))


def _retyped(model: Model, what: str, tensor: Tensor) -> Iterator[Mutant]:
    for dtype in TYPES:
        if dtype != tensor.dtype:
            data = None if tensor.data is None else random_values(dtype, tensor.shape or (), seed=3)
            changed = evolve(tensor, dtype=dtype, data=data, quantization=None)
            yield f"{what} {tensor.dtype} -> {dtype}", _with_tensor(model, changed)


def _requantized(model: Model, what: str, tensor: Tensor) -> Iterator[Mutant]:
    if not DTYPES[tensor.dtype].is_integer or not tensor.scale:
        return
    low, high = DTYPES[tensor.dtype].limits
    for words, q in {
        "without a scale": None,
        "of scale 0": _quantized(0.0),
        "of a tiny scale": _quantized(1e-30),
        "of a huge scale": _quantized(1e30),
        "of the lowest zero point": _quantized(0.05, low),
        "of the highest zero point": _quantized(0.05, high),
        "with scales along axis 0": _quantized([0.05] * max((tensor.shape or (1,))[0], 1)),
    }.items():
        yield f"{what} {words}", _with_tensor(model, evolve(tensor, quantization=q))


def _quantized(scale: Any, zero_point: int = 0) -> Quantization:
    scales = np.atleast_1d(np.float32(scale))
    return Quantization(scales, np.full(len(scales), zero_point, np.int64))


def _of_another_source(model: Model, i: int, tensor: Tensor, feed: np.ndarray | None) -> Iterator[Mutant]:
    """Make an operand a constant, an input of the model, a variable, or what nobody writes."""
    if tensor.data is not None:
        yield f"input {i} computed", _with_tensor(_entered(model, tensor), evolve(tensor, data=None))
        dropped = evolve(tensor, data=None)
        yield f"input {i} written by nobody", _with_tensor(model, dropped)
        yield f"input {i} a variable", _with_tensor(model, evolve(dropped, is_variable=True))
    elif not tensor.is_variable:
        without = _without_input(model, tensor)
        yield f"input {i} written by nobody", without
        yield f"input {i} a variable", _with_tensor(without, evolve(tensor, is_variable=True))
        if feed is not None:
            yield f"input {i} constant", _with_tensor(without, evolve(tensor, data=feed))
    else:
        plain = evolve(tensor, is_variable=False)
        yield f"input {i} computed", _with_tensor(_entered(model, tensor), plain)


def _entered(model: Model, tensor: Tensor) -> Model:
    graph = model.subgraphs[0]
    return _with_graph(model, evolve(graph, inputs=(*graph.inputs, tensor)))


def _without_input(model: Model, tensor: Tensor) -> Model:
    graph = model.subgraphs[0]
    inputs = tuple(t for t in graph.inputs if t.index != tensor.index)
    return _with_graph(model, evolve(graph, inputs=inputs))


def _declared_otherwise(model: Model, i: int, tensor: Tensor) -> Iterator[Mutant]:
    shape = tensor.shape or ()
    others = [(*shape, 2), (), (0,), tuple(n + 1 for n in shape), shape[1:]]
    for other in dict.fromkeys(others):
        if other != shape:
            yield f"output {i} {shape} -> {other}", _with_tensor(model, evolve(tensor, shape=other))


def more_or_fewer(model: Model, op: Op) -> Iterator[Mutant]:
    for i, operand in enumerate(op.inputs):
        absent = (*op.inputs[:i], None, *op.inputs[i + 1 :])
        yield f"input {i} absent", with_op(model, evolve(op, inputs=absent))
        for j, other in enumerate(op.inputs[:i]):
            if operand is not None and other is not None:
                twice = (*op.inputs[:i], other, *op.inputs[i + 1 :])
                yield f"input {i} is input {j}", with_op(model, evolve(op, inputs=twice))
    if op.inputs:
        yield "no inputs", with_op(model, evolve(op, inputs=()))
        yield "the last input gone", with_op(model, evolve(op, inputs=op.inputs[:-1]))
    yield "one more input, absent", with_op(model, evolve(op, inputs=(*op.inputs, None)))
    again = op.inputs[0] if op.inputs else model.subgraphs[0].tensors[0]
    yield "one more input, the first", with_op(model, evolve(op, inputs=(*op.inputs, again)))
    yield "the last output gone", _without_output(model, op)
    yield "one more output", _with_output(model, op)


def _without_output(model: Model, op: Op) -> Model:
    graph = model.subgraphs[0]
    outputs = tuple(t for t in graph.outputs if t.index != op.outputs[-1].index)
    return with_op(_with_graph(model, evolve(graph, outputs=outputs)), evolve(op, outputs=op.outputs[:-1]))


def _with_output(model: Model, op: Op) -> Model:
    graph = model.subgraphs[0]
    more = evolve(op.outputs[-1], index=len(graph.tensors), name="more")
    lists: dict[str, Any] = {"tensors": (*graph.tensors, more), "outputs": (*graph.outputs, more)}
    return with_op(_with_graph(model, evolve(graph, **lists)), evolve(op, outputs=(*op.outputs, more)))


def _with_other_options(model: Model, op: Op) -> Iterator[Mutant]:
    if op.options.table != "NONE":
        defaults = options_record(op.name)
        yield "options at their defaults", with_op(model, evolve(op, options=defaults))
        yield "no options", with_op(model, evolve(op, options=defaults, has_options=False))
    for name, value in op.options:
        for words, other in _other_values(op.options, name, value):
            changed = evolve(op, options=op.options.replace(**{name: other}))
            yield f"{name} {value} -> {words}", with_op(model, changed)
    for words, data in _other_bytes(op.custom_options):
        yield f"custom options {words}", with_op(model, evolve(op, custom_options=data))


def _other_bytes(data: bytes) -> Iterator[tuple[str, bytes]]:
    if not data:
        return
    yield from (("gone", b""), ("cut", data[: len(data) // 2]), ("cut by one", data[:-1]))
    for place in range(len(data)):
        for byte in {0, 1, 127, 128, 255} - {data[place]}:
            yield f"[{place}] = {byte}", data[:place] + bytes([byte]) + data[place + 1 :]


def _other_values(options: Record, name: str, value: object) -> Iterator[tuple[str, object]]:
    field = next(f for f in schema.TABLES[options.table] if f.name == name)
    if "subgraph" in name or field.kind not in ("scalar", "enum", "vector") or field.type == "ubyte":
        return
    if field.kind != "vector":
        yield from ((str(v), v) for v in _scalars(field) if v != value)
        return
    values = tuple(value or ())  # type: ignore[call-overload]
    others = _scalars(field)
    yield from (("()", ()), ("one more", (*values, *others[:1])), ("one fewer", values[:-1]))
    for other in others:
        for place in range(min(len(values), _PLACES)):
            yield f"{other} [{place}]", (*values[:place], other, *values[place + 1 :])


def _scalars(field: schema.Field) -> Sequence[Any]:
    if field.type in schema.ENUMS:
        return schema.ENUMS[field.type].names
    if field.type in ("float", "double"):
        return REALS
    if field.type == "bool":
        return (False, True)
    unsigned = field.type in ("uint", "ulong", "ushort")
    numbers = (*NUMBERS, *LONGS) if field.type == "long" else NUMBERS
    return [n for n in numbers if n >= 0 or not unsigned]


def _with_tensor(model: Model, tensor: Tensor) -> Model:
    return _with_graph(model, with_tensor(model.subgraphs[0], tensor))


def with_op(model: Model, op: Op) -> Model:
    graph = model.subgraphs[0]
    ops = tuple(op if other.index == op.index else other for other in graph.ops)
    return _with_graph(model, evolve(graph, ops=ops))


def _with_graph(model: Model, graph: Graph) -> Model:
    return evolve(model, subgraphs=(graph, *model.subgraphs[1:]))
