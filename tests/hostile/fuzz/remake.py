"""Changes of a model that a change of a few bytes does not make: operands, shapes, constants and names.

``remade(model, seed)`` makes one; the file that is written of it is whole, what it says is wrong.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
from delegraph import Blocks, Graph, Model, Op, Quantization, Tensor
from delegraph.model import DTYPES

Changed = tuple[Graph, str]

NAMES = (
    "\x1b]0;owned\x07", "\x1b[31mred", "\u202egnp.exe", "@DETAILS@", "{{ 7*7 }}", "<b>1</b>", "", "../up",
    "a\nb", "%s%n", "[bold]x[/bold]", "n" * 5000, "\x00", "\ufffd",
)  # fmt: skip
SIZES = (0, 1, 2, 3, 5, 7, 16, 33, 1000, 65537)
NUMBERS = (0, 1, -1, 2, 3, -2, 5, 127, -128, 255, 65536, 2**31 - 1, -(2**31))


class NothingToChange(Exception):
    """The model has nothing of what a change is about."""


def remade(model: Model, seed: int) -> tuple[Model, str]:
    """Return a model with one thing changed, and what that was."""
    draw = random.Random(seed)
    for _ in range(20):
        at = draw.randrange(len(model.subgraphs)) if draw.random() < 0.4 else 0
        try:
            graph, how = draw.choice(_CHANGES)(model.subgraphs[at], draw)
        except NothingToChange:
            continue
        graphs = (*model.subgraphs[:at], graph, *model.subgraphs[at + 1 :])
        return attrs.evolve(model, subgraphs=graphs), how
    return model, "nothing"


def relinked(graph: Graph, tensors: Sequence[Tensor]) -> Graph:
    """Return a graph with other tensors in the places of its own."""

    def moved(some: Sequence[Tensor | None]) -> tuple[Any, ...]:
        return tuple(None if t is None else tensors[t.index] for t in some)

    ops = tuple(attrs.evolve(op, inputs=moved(op.inputs), outputs=moved(op.outputs)) for op in graph.ops)
    ends = {"inputs": moved(graph.inputs), "outputs": moved(graph.outputs)}
    return attrs.evolve(graph, tensors=tuple(tensors), ops=ops, **ends)


def _one(some: Sequence[Any], draw: random.Random) -> Any:
    if not some:
        raise NothingToChange
    return draw.choice(some)


def _with_op(graph: Graph, old: Op, **changes: Any) -> Graph:
    return attrs.evolve(
        graph, ops=tuple(attrs.evolve(op, **changes) if op is old else op for op in graph.ops)
    )


def _with_tensor(graph: Graph, old: Tensor, **changes: Any) -> Graph:
    return relinked(graph, [attrs.evolve(t, **changes) if t is old else t for t in graph.tensors])


def _operand(graph: Graph, draw: random.Random) -> Changed:
    """An operand that is absent, another one, one that is missing, one too many."""
    op = _one(graph.ops, draw)
    inputs = list(op.inputs)
    what = draw.choice(("absent", "other", "missing", "more", "twice"))
    i = _one(range(len(inputs)), draw)
    if what == "absent":
        inputs[i] = None
    elif what == "other":
        inputs[i] = _one(graph.tensors, draw)
    elif what == "missing":
        del inputs[i]
    else:
        inputs.insert(
            draw.randint(0, len(inputs)), inputs[i] if what == "twice" else _one(graph.tensors, draw)
        )
    return _with_op(graph, op, inputs=tuple(inputs)), f"{op}: input {i} {what}"


def _results(graph: Graph, draw: random.Random) -> Changed:
    op = _one(graph.ops, draw)
    outputs = list(op.outputs)
    what = draw.choice(("missing", "other", "twice"))
    i = _one(range(len(outputs)), draw)
    if what == "missing":
        del outputs[i]
    else:
        outputs.insert(i, outputs[i] if what == "twice" else _one(graph.tensors, draw))
    return _with_op(graph, op, outputs=tuple(outputs)), f"{op}: output {i} {what}"


def _fed(graph: Graph, draw: random.Random) -> Changed:
    """A constant that becomes an input: what was checked beforehand is known when it runs."""
    tensor = _one([t for t in graph.tensors if t.is_constant], draw)
    found = _with_tensor(graph, tensor, data=None, buffer=0, sparsity=None)
    return attrs.evolve(
        found, inputs=(*found.inputs, found.tensors[tensor.index])
    ), f"{tensor.name!r} is fed"


def _fixed(graph: Graph, draw: random.Random) -> Changed:
    """An input that becomes a constant."""
    tensor = _one([t for t in graph.inputs if t.size and t.size < 10_000 and t.dtype in _PLAIN], draw)
    data = _numbers(tensor.dtype, tensor.shape or (), draw)
    found = _with_tensor(graph, tensor, data=data, buffer=0)
    kept = tuple(t for t in found.inputs if t.index != tensor.index)
    return attrs.evolve(found, inputs=kept), f"{tensor.name!r} is fixed"


def _shape(graph: Graph, draw: random.Random) -> Changed:
    """A size or a rank, of one tensor or of all of that shape."""
    tensor = _one([t for t in graph.tensors if not t.is_constant and t.shape is not None], draw)
    new = _other_shape(tensor.shape, draw)
    alike = draw.random() < 0.5
    tensors = [
        attrs.evolve(t, shape=new, shape_signature=None)
        if t is tensor or (alike and t.shape == tensor.shape and not t.is_constant)
        else t
        for t in graph.tensors
    ]
    return relinked(graph, tensors), f"{tensor.name!r} {'and alike ' * alike}has shape {new}"


def _other_shape(shape: tuple[int, ...], draw: random.Random) -> tuple[int, ...]:
    sizes = list(shape)
    at = draw.randrange(len(sizes) + 1)
    if at == len(sizes) or draw.random() < 0.2:
        sizes.insert(at, draw.choice((1, 2)))
    elif draw.random() < 0.2:
        del sizes[at]
    else:
        sizes[at] = draw.choice((*SIZES, sizes[at] + 1, max(sizes[at] - 1, 0), sizes[at] * 2))
    return tuple(sizes)


def _type(graph: Graph, draw: random.Random) -> Changed:
    """Another type, of one tensor or of all of that type that are computed."""
    tensor = _one([t for t in graph.tensors if not t.is_constant], draw)
    new = draw.choice(sorted(DTYPES))
    alike = draw.random() < 0.6
    tensors = [
        attrs.evolve(t, dtype=new)
        if t is tensor or (alike and t.dtype == tensor.dtype and not t.is_constant)
        else t
        for t in graph.tensors
    ]
    return relinked(graph, tensors), f"{tensor.name!r} {'and alike ' * alike}are {new}"


def _quantization(graph: Graph, draw: random.Random) -> Changed:
    tensor = _one(graph.tensors, draw)
    what = draw.choice(("none", "one", "per axis", "blocks", "strange"))
    n = tensor.shape[0] if tensor.shape else 1
    made = {
        "none": None,
        "one": _stored([draw.choice((0.01, 0.5, 1.0, 1e-9, 1e9))], [draw.choice(NUMBERS)]),
        "per axis": _stored([0.1] * min(n, 64), [0] * min(n, 64), draw.choice((0, 0, 1, 3))),
        "strange": _stored([float("nan"), -1.0], [0]),
    }
    if what == "blocks":
        empty = np.zeros(0, np.float32)
        blocks = Blocks(_one(graph.tensors, draw), draw.choice((1, 4, 32, 0)))
        made["blocks"] = Quantization(empty, np.zeros(0, np.int64), 0, blocks=blocks)
    return _with_tensor(graph, tensor, quantization=made[what]), f"{tensor.name!r} has quantization {what}"


def _stored(scales: Sequence[float], points: Sequence[int], axis: int = 0) -> Quantization:
    return Quantization(np.asarray(scales, np.float32), np.asarray(points, np.int64), axis)


def _option(graph: Graph, draw: random.Random) -> Changed:
    op = _one([op for op in graph.ops if list(op.options)], draw)
    name, old = draw.choice(list(op.options))
    if isinstance(old, bool):
        new: Any = not old
    elif isinstance(old, int):
        new = draw.choice(NUMBERS)
    elif isinstance(old, float):
        new = draw.choice((0.0, -1.0, 1e30, float("nan"), float("inf"), 1e-45))
    elif isinstance(old, np.ndarray) and old.dtype.kind in "iu":
        new = np.array([draw.choice(NUMBERS[:7]) for _ in range(draw.randrange(4))], old.dtype)
    else:
        return _with_op(graph, op, has_options=False), f"{op} without options"
    return _with_op(graph, op, options=op.options.replace(**{name: new})), f"{op}: {name}={new}"


def _constant(graph: Graph, draw: random.Random) -> Changed:
    """Other numbers for axes, sizes, indices and weights."""
    small = [t for t in graph.tensors if t.is_constant and t.dtype in _PLAIN and 0 < t.size <= 4096]
    wanted = [t for t in small if t.dtype in ("int32", "int64")] or small
    tensor = _one(wanted if draw.random() < 0.8 else small, draw)
    data = np.array(tensor.data).reshape(-1)
    if data.dtype.kind in "iu":
        limits = np.iinfo(data.dtype)
        data[draw.randrange(len(data))] = min(max(draw.choice(NUMBERS), limits.min), limits.max)
    else:
        data = _numbers(tensor.dtype, (len(data),), draw)
    if draw.random() < 0.3:
        data = data[: draw.randrange(len(data) + 1)]
        shape: tuple[int, ...] = (len(data),)
    else:
        shape = tensor.shape or ()
    changed = {"data": data.reshape(shape), "shape": shape, "buffer": 0, "sparsity": None}
    return _with_tensor(
        graph, tensor, **changed
    ), f"{tensor.name!r} is {data[:8].tolist()} of shape {shape}"


def _state(graph: Graph, draw: random.Random) -> Changed:
    tensor = _one([t for t in graph.tensors if not t.is_constant], draw)
    found = _with_tensor(graph, tensor, is_variable=not tensor.is_variable)
    if draw.random() < 0.5:
        found = attrs.evolve(found, inputs=tuple(t for t in found.inputs if t.index != tensor.index))
    return found, f"{tensor.name!r} is {'no ' * tensor.is_variable}variable"


def _ends(graph: Graph, draw: random.Random) -> Changed:
    end = draw.choice(("inputs", "outputs"))
    there = list(getattr(graph, end))
    if there and draw.random() < 0.4:
        del there[draw.randrange(len(there))]
    else:
        there.insert(draw.randint(0, len(there)), _one(graph.tensors, draw))
    return attrs.evolve(graph, **{end: tuple(there)}), f"{end} are {[t.index for t in there]}"


def _order(graph: Graph, draw: random.Random) -> Changed:
    ops = list(graph.ops)
    i, j = _one(range(len(ops)), draw), _one(range(len(ops)), draw)
    if draw.random() < 0.5:
        ops[i], ops[j] = ops[j], ops[i]
    else:
        ops.insert(i, ops[j])
    return attrs.evolve(graph, ops=tuple(ops)), f"op {j} stands at {i}"


def _name(graph: Graph, draw: random.Random) -> Changed:
    tensor, name = _one(graph.tensors, draw), draw.choice(NAMES)
    if draw.random() < 0.3:
        return attrs.evolve(graph, name=name), f"the subgraph is {name[:20]!r}"
    return _with_tensor(graph, tensor, name=name), f"tensor {tensor.index} is {name[:20]!r}"


def _numbers(dtype: str, shape: tuple[int, ...], draw: random.Random) -> np.ndarray:
    kind, n = DTYPES[dtype].numpy, int(np.prod(shape, dtype=np.int64))
    raw = np.random.PCG64(draw.randrange(2**31)).random_raw(n)
    if kind.kind == "f":
        return ((raw >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1).astype(kind).reshape(shape)
    return (raw % np.uint64(16)).astype(kind).reshape(shape)


_PLAIN = ("float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool")
_CHANGES: tuple[Callable[[Graph, random.Random], Changed], ...] = (
    _operand, _operand, _results, _fed, _fed, _fixed, _shape, _shape, _shape, _type, _quantization, _option,
    _option, _constant, _constant, _constant, _state, _ends, _order, _name,
)  # fmt: skip
