"""Generated graphs of 8-bit ops: what the Edge TPU maps, what it leaves to the CPU, and state.

Tensors are read by several ops, twice by one, by none; results lie in the middle; the tensors of the file
stand in any order, some of them used by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs
import numpy as np
from campaign import Program
from delegraph import Blocks, Builder, Graph, Model, Op, Quantization, Signature, Tensor
from hypothesis import strategies as st

IMAGE, VECTOR = (1, 4, 4, 4), (1, 8)
SCALE, ZERO_POINT = 0.5, 3  # of every activation, so that any op may read any of its shape


class Net:
    """A model in the making."""

    def __init__(self, draw: Any, dtype: str) -> None:
        self.draw = draw
        self.dtype = dtype
        self.g = Builder()
        self.known: dict[tuple[int, ...], list[Tensor]] = {IMAGE: [], VECTOR: []}

    def input(self, shape: tuple[int, ...]) -> None:
        self.known[shape].append(self.g.input(shape, self.dtype, scale=SCALE, zero_point=ZERO_POINT))

    def pick(self, shape: tuple[int, ...]) -> Tensor:
        return self.draw(st.sampled_from(self.known[shape]))  # type: ignore[no-any-return]

    def tensor(self, shape: tuple[int, ...], dtype: str | None = None) -> Tensor:
        if dtype is None:
            return self.g.tensor(shape, self.dtype, scale=SCALE, zero_point=ZERO_POINT)
        return self.g.tensor(shape, dtype)

    def op(self, name: str, inputs: list[Tensor | None], shape: tuple[int, ...], **options: Any) -> Tensor:
        found: Tensor = self.g.op(name, inputs, [self.tensor(shape)], **options)
        self.known.setdefault(shape, []).append(found)
        return found

    def ints(self, *values: Any) -> Tensor:
        return self.g.constant(np.array(values, np.int32))

    def weights(self, shape: tuple[int, ...], seed: int) -> Tensor:
        raw = np.random.PCG64(seed).random_raw(int(np.prod(shape))).astype(np.uint8).reshape(shape)
        values = raw.view(np.int8) | 1 if self.dtype == "int8" else raw
        return self.g.constant(
            values, self.dtype, scale=0.01, zero_point=0 if self.dtype == "int8" else 128
        )

    def bias(self, size: int) -> Tensor:
        return self.g.constant(np.arange(size, dtype=np.int32) * 9 - 40, scale=SCALE * 0.01, zero_point=0)


Make = Callable[[Net], Any]


def _binary(name: str) -> Make:
    def make(n: Net) -> None:
        shape = n.draw(st.sampled_from([IMAGE, VECTOR]))
        n.op(name, [n.pick(shape), n.pick(shape)], shape)

    return make


def _unary(name: str, **options: Any) -> Make:
    def make(n: Net) -> None:
        shape = n.draw(st.sampled_from([IMAGE, VECTOR]))
        n.op(name, [n.pick(shape)], shape, **options)

    return make


def _conv(n: Net) -> None:
    options = {
        "padding": "SAME",
        "stride_w": 1,
        "stride_h": 1,
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
    }
    w = n.weights((4, 1, 1, 4), n.draw(st.integers(0, 99)))
    n.op("CONV_2D", [n.pick(IMAGE), w, n.bias(4)], IMAGE, version=3, **options)


def _fully_connected(n: Net) -> None:
    w = n.weights((8, 8), n.draw(st.integers(0, 99)))
    n.op("FULLY_CONNECTED", [n.pick(VECTOR), w, n.bias(8)], VECTOR, version=4)


def _pool(name: str) -> Make:
    options = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "filter_width": 2, "filter_height": 3}
    return lambda n: n.op(name, [n.pick(IMAGE)], IMAGE, version=2, **options)


def _halves(n: Net) -> None:
    """Split along the channels, and put together again the other way round."""
    outs = [n.tensor((1, 4, 4, 2)) for _ in range(2)]
    low, high = n.g.op("SPLIT", [n.ints(3), n.pick(IMAGE)], outs, version=2, num_splits=2)
    if n.draw(st.booleans()):  # else both halves are read by nobody
        n.op("CONCATENATION", [high, n.draw(st.sampled_from([low, high]))], IMAGE, version=2, axis=3)


def _reshaped(n: Net) -> None:
    flat = n.op("RESHAPE", [n.pick(IMAGE), n.ints(1, 64)], (1, 64), new_shape=(1, 64))
    n.op("STRIDED_SLICE", [flat, n.ints(0, 3), n.ints(1, 11), n.ints(1, 1)], VECTOR, version=2)


def _mean(n: Net) -> None:
    small = n.op("MEAN", [n.pick(IMAGE), n.ints(1, 2)], (1, 1, 1, 4), version=2, keep_dims=True)
    n.op("ADD", [n.pick(IMAGE), small], IMAGE)


def _moved(n: Net) -> None:
    n.op("TRANSPOSE", [n.pick(IMAGE), n.ints(0, 2, 1, 3)], IMAGE, version=2)


def _lstm(n: Net) -> None:
    """Add an integer LSTM of 8 cells with state, whose outputs are cells of the common scale."""
    if n.dtype != "int8":
        return
    g, cells = n.g, 8
    matrices = [
        g.constant(
            (np.random.PCG64(seed).random_raw(64) % 200).astype(np.int64).reshape(8, 8) - 100,
            "int8",
            scale=0.01,
            zero_point=0,
        )
        for seed in range(8)
    ]
    biases = [
        g.constant(np.arange(cells, dtype=np.int32), scale=0.01 * SCALE, zero_point=0) for _ in range(4)
    ]
    output = g.variable((1, cells), "int8", scale=1 / 128, zero_point=0)
    cell = g.variable((1, cells), "int16", scale=2.0**-12, zero_point=0)
    x = g.op("RESHAPE", [n.pick(VECTOR), n.ints(1, 1, 8)], [n.tensor((1, 1, 8))], new_shape=(1, 1, 8))
    scales = [g.tensor((0,), "int16", scale=2.0**-12, zero_point=0) for _ in range(4)]
    hidden = g.tensor((0,), "int8", scale=1 / 128, zero_point=0)
    inputs = [x, *matrices[:4], *matrices[4:], None, None, None, *biases, None, None, output, cell]
    y = g.op(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        [*inputs, None, None, None, None],
        [g.tensor((1, 1, cells), "int8", scale=1 / 128, zero_point=0)],
        intermediates=[*scales, hidden],
        fused_activation_function="TANH",
    )
    flat = g.op(
        "RESHAPE",
        [y, n.ints(1, 8)],
        [g.tensor(VECTOR, "int8", scale=1 / 128, zero_point=0)],
        new_shape=VECTOR,
    )
    n.op("QUANTIZE", [flat], VECTOR, version=2)
    if n.draw(st.booleans()):  # the state that the run leaves
        g.op("ABS", [output], [g.tensor((1, cells), "int8", scale=1 / 128, zero_point=0)], version=2)


def _remembered(n: Net) -> None:
    """Write a variable tensor, after reading what the run before left in it."""
    shape = n.draw(st.sampled_from([IMAGE, VECTOR]))
    kept = n.g.variable(shape, n.dtype, scale=SCALE, zero_point=ZERO_POINT)
    if n.draw(st.booleans()):
        n.op("MAXIMUM", [kept, n.pick(shape)], shape)
    if n.draw(st.booleans()):
        n.g.op("RELU", [n.pick(shape)], [kept])
    if n.draw(st.booleans()):
        n.op("MINIMUM", [n.pick(shape), kept], shape)


def _as_float(n: Net) -> None:
    """Leave the 8 bits: ops that stay on the CPU, with weights in blocks."""
    x = n.g.op("DEQUANTIZE", [n.pick(VECTOR)], [n.tensor(VECTOR, "float32")], version=2)
    y = n.g.op("ABS", [x], [n.tensor(VECTOR, "float32")])
    n.op("QUANTIZE", [y], VECTOR)


def _of_constants(n: Net) -> None:
    """An op that is computed while compiling, and one that reads it."""
    parts = [n.g.constant(np.full(VECTOR, v, n.dtype), scale=SCALE, zero_point=ZERO_POINT) for v in (7, 9)]
    known = n.g.op("ADD", parts, [n.tensor(VECTOR)])
    n.op("SUB", [n.pick(VECTOR), known], VECTOR)


def _in_blocks(n: Net) -> None:
    """Read a row of weights whose scales are in a tensor of their own."""
    scales = n.g.constant(np.full((8, 1), 0.01, np.float16))
    rows = n.g.constant(np.arange(64, dtype=np.int8).reshape(8, 8), "int8", blocks=Blocks(scales, 8))
    index = n.g.op(
        "ARG_MAX", [n.pick(VECTOR), n.ints(1)], [n.tensor((1,), "int32")], version=2, output_type="INT32"
    )
    n.g.op("GATHER", [rows, index], [n.tensor(VECTOR, "int8")], version=2)


def _branched(n: Net) -> None:
    """if sum(x) > 0: x, else: |x|."""
    then, otherwise = n.g.subgraph("then"), n.g.subgraph("else")
    quantization = {"scale": SCALE, "zero_point": ZERO_POINT}
    a, b = (body.input(VECTOR, n.dtype, **quantization) for body in (then, otherwise))
    then.returns(then.op("RELU", [a], [then.tensor(VECTOR, n.dtype, **quantization)]))
    otherwise.returns(otherwise.op("RELU6", [b], [otherwise.tensor(VECTOR, n.dtype, **quantization)]))
    x = n.pick(VECTOR)
    index = n.g.op("ARG_MAX", [x, n.ints(1)], [n.tensor((1,), "int32")], version=2, output_type="INT32")
    scalar = n.g.op("RESHAPE", [index, n.ints()], [n.tensor((), "int32")])
    large = n.g.op("GREATER", [scalar, n.g.constant(np.int32(3))], [n.tensor((), "bool")])
    n.op("IF", [large, x], VECTOR, then_subgraph_index=then.index, else_subgraph_index=otherwise.index)


MAPPED: dict[str, Make] = {
    **{name: _binary(name) for name in ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM")},
    **{name: _unary(name) for name in ("RELU", "RELU6")},
    "AVERAGE_POOL_2D": _pool("AVERAGE_POOL_2D"),
    "CONV_2D": _conv,
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _pool("MAX_POOL_2D"),
    "MEAN": _mean,
    "RESHAPE": _reshaped,
    "SPLIT": _halves,
    "TRANSPOSE": _moved,
}
STATEFUL: dict[str, Make] = {"LSTM": _lstm, "variable": _remembered}
ON_CPU: dict[str, Make] = {
    "ABS": _unary("ABS", version=2),
    "blocks": _in_blocks,
    "constants": _of_constants,
    "float": _as_float,
    "IF": _branched,
}


@st.composite
def programs(draw: Any, kinds: Iterable[dict[str, Make]] = (MAPPED, STATEFUL, ON_CPU)) -> Program:
    """Make a graph of 2 to 12 parts, with outputs anywhere, and shuffle the numbers of its tensors."""
    n = Net(draw, draw(st.sampled_from(["int8", "int8", "uint8"])))
    for shape in (IMAGE, VECTOR, *draw(st.lists(st.sampled_from([IMAGE, VECTOR]), max_size=1))):
        n.input(shape)
    makers = {name: make for kind in kinds for name, make in kind.items()}
    for name in draw(st.lists(st.sampled_from(sorted(makers)), min_size=2, max_size=12)):
        makers[name](n)
    n.op("MAXIMUM", [n.pick(IMAGE), n.pick(IMAGE)], IMAGE)
    made = {t.index: t for op in n.g._ops for t in op.outputs if not t.is_variable}
    read = {t.index for op in n.g._ops for t in op.inputs if t is not None}
    last = [t for i, t in made.items() if i not in read]
    more = draw(st.lists(st.sampled_from([*made.values(), *n.g._inputs]), max_size=2))
    outputs = list({t.index: t for t in (*last, *more)}.values())
    model = n.g.model(draw(st.permutations(outputs)), signature=draw(st.sampled_from([None, "serve"])))
    return Program(renumbered(model, draw(st.permutations(range(len(model.subgraphs[0].tensors))))))


def renumbered(model: Model, order: Iterable[int]) -> Model:
    """Return a model whose main subgraph has its tensors in another order.

    :param order: the old number of each tensor, by the new one.
    """
    graph = model.subgraphs[0]
    new = {old: i for i, old in enumerate(order)}
    moved: dict[int, Tensor] = {old: attrs.evolve(graph.tensors[old], index=i) for old, i in new.items()}

    def of(tensors: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(None if t is None else moved[t.index] for t in tensors)

    for old, t in moved.items():
        if t.quantization is not None and t.quantization.blocks is not None:
            moved[old] = attrs.evolve(t, quantization=_in_place(t.quantization, moved))
    ops: list[Op] = [
        attrs.evolve(op, inputs=of(op.inputs), outputs=of(op.outputs), intermediates=of(op.intermediates))
        for op in graph.ops
    ]
    main: Graph = attrs.evolve(
        graph,
        tensors=tuple(sorted(moved.values(), key=lambda t: t.index)),
        ops=tuple(ops),
        inputs=of(graph.inputs),
        outputs=of(graph.outputs),
    )
    signatures: list[Signature] = [
        attrs.evolve(
            s,
            inputs={name: new[i] for name, i in s.inputs.items()},
            outputs={name: new[i] for name, i in s.outputs.items()},
        )
        for s in model.signatures
    ]
    return attrs.evolve(model, subgraphs=(main, *model.subgraphs[1:]), signatures=tuple(signatures))


def _in_place(quantization: Quantization, moved: dict[int, Tensor]) -> Quantization:
    blocks = quantization.blocks
    assert blocks is not None
    return attrs.evolve(quantization, blocks=attrs.evolve(blocks, scales=moved[blocks.scales.index]))
