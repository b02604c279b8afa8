"""Random networks of channels, pruned by whole channels: LiteRT computes what the given network does whose
weights read zeros in their place. Where channels change places, it computes what it did.

DELEGRAPH_GRAPHS=10 runs ten times as many, of other seeds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import litert
import numpy as np
import pytest
from delegraph import Builder, Model, Tensor, write_model
from delegraph_optimize import CompressedModel, dequantize, prune
from delegraph_optimize.compress import weight_layers
from delegraph_optimize.prepared import FloatModel
from delegraph_optimize.pruning import reordered
from delegraph_optimize.pruning.asked import Pruning
from delegraph_optimize.writer import ModelEdit
from optimize.test_random_graphs import models

TIMES = int(os.environ.get("DELEGRAPH_GRAPHS", "1"))
SEEDS = range(40) if TIMES == 1 else range(1000, 1000 + 40 * TIMES)
TOGETHER = 8  # networks in a model
AXES = {"BATCH_MATMUL": 0, "CONV_2D": 3, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 3}  # of inputs
STRIDES = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
UNARY = ("RELU", "RELU6", "TANH", "LOGISTIC", "ABS", "HARD_SWISH", "ELU", "SQUARE")


class Network:
    """A network that grows by random ops; values have a shape (1, height, width, channels), or fewer."""

    def __init__(self, g: Builder, seed: int) -> None:
        self.g, self.rng, self.values = g, np.random.default_rng(seed), list[Tensor]()
        self.values.append(g.input((1, 6, 6, self.one_of(2, 3, 4)), "float32", f"x{seed}"))

    def grow(self) -> Tensor:
        for _ in range(self.one_of(3, 5, 8, 12)):
            moves = MOVES if len(self.last.shape or ()) == 4 else FLAT_MOVES
            moves[int(self.rng.integers(len(moves)))](self)
        return _flat_product(self, 3)

    @property
    def last(self) -> Tensor:
        return self.values[-1]

    def one_of(self, *choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def floats(self, *shape: int) -> Tensor:
        return self.g.constant(self.rng.normal(size=shape).astype(np.float32) / max(shape[-1], 1) ** 0.5)

    def ints(self, values: Any) -> Tensor:
        return self.g.constant(np.array(values, np.int32))

    def add(self, name: str, inputs: Sequence[Any], *shapes: Sequence[int], **options: Any) -> list[Tensor]:
        made = [self.g.tensor(tuple(map(int, shape)), "float32") for shape in shapes]
        self.g.op(name, list(inputs), made, **options)
        self.values += made
        return made


def _conv(net: Network, channels: int | None = None, kernel: int | None = None) -> None:
    _, h, w, c = net.last.shape
    size, made = kernel or net.one_of(1, 3), channels or net.one_of(2, 4, 5, 8)
    fused = net.one_of("NONE", "RELU", "RELU6")
    inputs = [net.last, net.floats(made, size, size, c), net.floats(made)]
    net.add("CONV_2D", inputs, (1, h, w, made), fused_activation_function=fused, **STRIDES)


def _depthwise(net: Network) -> None:
    _, h, w, c = net.last.shape
    times = net.one_of(1, 1, 2)
    inputs = [net.last, net.floats(1, 3, 3, c * times), net.floats(c * times)]
    net.add("DEPTHWISE_CONV_2D", inputs, (1, h, w, c * times), depth_multiplier=times, **STRIDES)


def _transpose_conv(net: Network) -> None:
    _, h, w, c = net.last.shape
    made = net.one_of(2, 4, 6)
    inputs = [net.ints([1, 2 * h, 2 * w, made]), net.floats(made, 2, 2, c), net.last, net.floats(made)]
    net.add("TRANSPOSE_CONV", inputs, (1, 2 * h, 2 * w, made), version=3, stride_w=2, stride_h=2)
    _pool(net)


def _unary(net: Network) -> None:
    net.add(net.one_of(*UNARY), [net.last], net.last.shape)


def _by_constant(net: Network) -> None:
    c = net.last.shape[-1]
    shape = net.one_of((c,), (1,), net.last.shape, (1, c))
    net.add(net.one_of("ADD", "MUL", "SUB", "MAXIMUM"), [net.last, net.floats(*shape)], net.last.shape)


def _prelu(net: Network) -> None:
    net.add("PRELU", [net.last, net.floats(1, 1, net.last.shape[-1])], net.last.shape)


def _join(net: Network) -> None:
    """A residual: something before, brought to the shape of the last value."""
    _, h, w, c = net.last.shape
    before = [v for v in net.values if (v.shape or ())[:-1] == (1, h, w) and v is not net.last]
    if not before:
        return _conv(net)
    last, other = net.last, net.one_of(*before)
    if other.shape[-1] != c:
        net.values.append(other)
        _conv(net, c, 1)
        other = net.last
    net.add(net.one_of("ADD", "ADD", "MUL", "SUB"), [last, other], last.shape)


def _concatenate(net: Network) -> None:
    h, w = net.last.shape[1:3]
    others = [v for v in net.values if (v.shape or ())[:-1] == (1, h, w)]
    some = [net.last, *(net.one_of(*others) for _ in range(net.one_of(1, 2)))]
    total = sum(v.shape[-1] for v in some)
    if total > 24:
        return _conv(net)
    net.add("CONCATENATION", some, (1, h, w, total), axis=net.one_of(3, -1))


def _pool(net: Network) -> None:
    _, h, w, c = net.last.shape
    if min(h, w) < 2:
        return _conv(net)
    sizes = {"filter_width": 2, "filter_height": 2, "stride_w": 2, "stride_h": 2, "padding": "VALID"}
    net.add(net.one_of("AVERAGE_POOL_2D", "MAX_POOL_2D"), [net.last], (1, h // 2, w // 2, c), **sizes)


def _pad(net: Network) -> None:
    shape = net.last.shape
    pads = net.one_of(
        [[0, 0], [1, 0], [0, 1], [0, 0]], [[0, 0], [0, 0], [0, 0], [1, 2]], [[0, 0], [0, 0], [0, 0], [2, 0]]
    )
    made = [n + sum(p) for n, p in zip(shape, pads, strict=True)]
    if net.one_of(0, 1):
        net.add("PAD", [net.last, net.ints(pads)], made)
    else:
        net.add("PADV2", [net.last, net.ints(pads), net.g.constant(np.float32([0.5]))], made)


def _split(net: Network) -> None:
    _, h, w, c = net.last.shape
    if c % 2 == 0 and net.one_of(0, 1):
        net.add("SPLIT", [net.ints(3), net.last], (1, h, w, c // 2), (1, h, w, c // 2), num_splits=2)
    elif c > 2:
        inputs = [net.last, net.ints([1, c - 1]), net.ints(3)]
        net.add("SPLIT_V", inputs, (1, h, w, 1), (1, h, w, c - 1), num_splits=2)


def _slice(net: Network) -> None:
    _, h, w, c = net.last.shape
    if h > 2:
        sizes = net.one_of([1, h - 1, w, c], [1, h - 1, -1, -1])
        net.add("SLICE", [net.last, net.ints([0, 1, 0, 0]), net.ints(sizes)], (1, h - 1, w, c))


def _strided_slice(net: Network) -> None:
    _, h, w, c = net.last.shape
    if h > 2:
        ends = [net.ints(v) for v in ([0, 0, 0, 0], [1, h - 1, w, c], [1, 1, 1, 1])]
        net.add("STRIDED_SLICE", [net.last, *ends], (1, h - 1, w, c))


def _there_and_back(net: Network) -> None:
    _, h, w, c = net.last.shape
    net.add("TRANSPOSE", [net.last, net.ints([0, 3, 1, 2])], (1, c, h, w))
    net.add("TANH", [net.last], (1, c, h, w))
    net.add("TRANSPOSE", [net.last, net.ints([0, 2, 3, 1])], (1, h, w, c))


def _resize(net: Network) -> None:
    _, h, w, c = net.last.shape
    if h < 6:
        net.add("RESIZE_NEAREST_NEIGHBOR", [net.last, net.ints([h * 2, w])], (1, h * 2, w, c))


def _softmax(net: Network) -> None:
    net.add("SOFTMAX", [net.last], net.last.shape, beta=1.0)


def _mean(net: Network) -> None:
    _, _, _, c = net.last.shape
    kept = net.one_of(True, False)
    shape = (1, 1, 1, c) if kept else (1, c)
    net.add(net.one_of("MEAN", "SUM"), [net.last, net.ints([1, 2])], shape, keep_dims=kept)


def _reshape(net: Network) -> None:
    _, h, w, c = net.last.shape
    shape = net.one_of((1, h * w, c), (1, h * w * c), (h * w, c), (1, w, h, c))
    told = net.one_of(shape, (*shape[:-1], -1), (-1, *shape[1:]))
    option = np.array(told, np.int32)
    net.add("RESHAPE", [net.last, net.ints(told)], shape, new_shape=option)


def _flat_product(net: Network, made: int | None = None) -> Tensor:
    shape, made = net.last.shape, made or net.one_of(4, 6, 9)
    depth = int(np.prod(shape[1:])) if len(shape) == 4 else shape[-1]
    rows = int(np.prod(shape)) // depth
    bias = net.floats(made) if net.one_of(0, 1) else None
    (y,) = net.add("FULLY_CONNECTED", [net.last, net.floats(made, depth), bias], (rows, made))
    return y


def _matmul(net: Network) -> None:
    *batch, c = net.last.shape
    made = net.one_of(3, 5)
    net.add("BATCH_MATMUL", [net.last, net.floats(c, made)], (*batch, made))


def _to_places(net: Network) -> None:
    """A product becomes an image of channels."""
    rows, c = net.last.shape
    if rows == 1 and c % 2 == 0:
        net.add("RESHAPE", [net.last, net.ints([1, 1, 2, c // 2])], (1, 1, 2, c // 2))


MOVES: list[Callable[[Network], Any]] = [
    _conv, _conv, _conv, _depthwise, _depthwise, _transpose_conv, _unary, _by_constant, _prelu, _join,
    _join, _concatenate, _concatenate, _pool, _pad, _split, _slice, _strided_slice, _there_and_back,
    _resize, _softmax, _mean, _reshape, _flat_product,
]  # fmt: skip
FLAT_MOVES: list[Callable[[Network], Any]] = [_unary, _matmul, _by_constant, _flat_product]


def network(seeds: Sequence[int]) -> tuple[Model, list[np.ndarray]]:
    """Return networks side by side in one model, and inputs."""
    g = Builder()
    outputs = [Network(g, seed).grow() for seed in seeds]
    model = g.model(outputs)
    rng = np.random.default_rng(seeds[0])
    return model, [rng.normal(size=t.shape).astype(np.float32) for t in model.subgraphs[0].inputs]


def zeroed(model: Model, found: CompressedModel) -> Model:
    """Return the given model, with zeros for the weights that read a channel which was taken out."""
    (graph,) = model.subgraphs
    data: dict[int, np.ndarray] = {}
    for kept in found.report.channels:
        op = graph.ops[kept.index]
        if kept.inputs is not None:
            axis, weights = AXES[op.name], op.inputs[1]
            assert weights is not None
            stays = np.isin(np.arange(weights.shape[axis]), kept.inputs)
            shape = [-1 if a == axis else 1 for a in range(len(weights.shape))]
            data[weights.index] = np.where(stays.reshape(shape), weights.data, np.float32(0))
    changed = {i: attrs.evolve(graph.tensors[i], data=d, buffer=0) for i, d in data.items()}
    tensors = tuple(changed.get(t.index, t) for t in graph.tensors)
    ops = tuple(
        attrs.evolve(op, inputs=tuple(None if t is None else tensors[t.index] for t in op.inputs))
        for op in graph.ops
    )
    return attrs.evolve(model, subgraphs=(attrs.evolve(graph, tensors=tensors, ops=ops),))


def check(model: Model, inputs: list[np.ndarray], share: float) -> int:
    """Compare a pruned network with the given one; return how many channels are out."""
    found = prune(model, share, structured=True)
    resolver = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    wanted = litert.run(write_model(zeroed(model, found)), inputs, resolver)
    outputs = litert.run(found.content, inputs, resolver)
    for want, got in zip(wanted, outputs, strict=True):
        assert want.shape == got.shape
        assert np.allclose(want, got, rtol=1e-3, atol=1e-4 * max(float(np.abs(want).max(initial=0)), 1e-3))
    for op in found.model.subgraphs[0].ops:
        for tensor in op.inputs:
            assert tensor is None or tensor.data is None or tensor.data.shape == tensor.shape
    return sum(o.zeros for o in found.report.outcomes)


@pytest.mark.parametrize("first", range(SEEDS.start, SEEDS.stop, TOGETHER))
def test_what_is_left_computes_as_if_the_channels_gave_zeros(first: int) -> None:
    model, inputs = network(range(first, first + TOGETHER))
    ready = dequantize(model).model  # as prune prepares it: the same ops at the same places
    assert check(ready, inputs, (0.3, 0.5, 0.8)[first % 3]) > 100


def test_graphs_of_any_ops_keep_what_is_not_followed() -> None:
    for model, rows in models("float32"):
        check(dequantize(model).model, rows[0], 0.5)


def reordered_anyhow(model: Model, inputs: list[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> int:
    """Put all channels in another order, by chance; return how many groups of them there are."""
    rng = np.random.default_rng(0)
    monkeypatch.setattr(reordered, "best_order", lambda reads, seed: rng.permutation(len(reads[0].columns)))
    ready = FloatModel.of(model)
    edit = ModelEdit(ready.model)
    layers = weight_layers(ready, edit)
    wanted = {id(layer): Pruning.of(None, "2:4") for layer in layers if not layer.reason}
    moved = reordered.reorder_channels(edit, layers, wanted)
    resolver = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    wanted_outputs = litert.run(write_model(ready.model), inputs, resolver)
    for want, got in zip(
        wanted_outputs, litert.run(write_model(edit.model()), inputs, resolver), strict=True
    ):
        assert np.allclose(want, got, rtol=1e-3, atol=1e-4 * max(float(np.abs(want).max(initial=0)), 1e-3))
    return moved


@pytest.mark.parametrize("first", range(SEEDS.start, SEEDS.stop, TOGETHER))
def test_channels_in_another_order_compute_the_same(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, inputs = network(range(first, first + TOGETHER))
    assert reordered_anyhow(model, inputs, monkeypatch) > 4


def test_graphs_of_any_ops_keep_the_order_of_what_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    for model, rows in models("float32"):
        reordered_anyhow(model, rows[0], monkeypatch)
