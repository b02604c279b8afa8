"""Measure what classes of ops take on a delegate: small models of a few ops each, a fit for each class.

Small networks say what becomes of these sums where ops of several classes stand behind each other: what is
fused, and what waits in caches, differs from chains of equal ops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import combinations
from time import perf_counter
from typing import Any

import numpy as np

from ..contract import Delegate
from ..errors import DelegraphError
from ..log import fallbacks_unsaid
from ..model import Builder, Model, Op, Tensor
from ..partition import nbytes
from ..partition.cost_table import WEIGHTED, ClassCost, CostTable, work
from ..run import Interpreter
from ..values import frozen

SECONDS = 0.03  # of runs, per sample
LENGTH = 4  # ops of a model
MOST = 500  # runs of a model
Shape = tuple[int, ...]
Run = Callable[[], None]
Adds = Callable[[Builder, Tensor, str], Tensor]  # an op to a chain


@frozen(eq=False)
class ChainSample:
    """Models of a few equal ops: one behind the other, or side by side where they give another shape."""

    kind: str
    types: str
    adds: Adds
    shape: Shape

    @property
    def name(self) -> str:
        return f"{self.kind}, {self.types}"

    @property
    def is_first(self) -> bool:
        """Whether it shows what launches take, which the others need."""
        return self.name == "elementwise, float"

    def model(self, length: int) -> Model:
        g = Builder()
        x = g.input(self.shape, _dtype(self.types), **_scale(self.types))
        ends = []
        for _ in range(length):
            y = self.adds(g, x, self.types)
            if y.shape == x.shape:
                x, ends = y, [y]
            else:
                ends.append(y)
        return g.model(ends)


Layer = tuple[str, int, int]  # kind, stride, channels that it gives
Block = tuple[Layer, ...]


@frozen(eq=False)
class NetworkSample:
    """A network as models of images are: blocks, ever narrower."""

    types: str
    size: int  # of the image
    channels: int  # that the first convolution gives
    blocks: tuple[Block, ...]
    is_residual: bool  # what a block reads is added to what it gives, where that has the same shape

    @property
    def name(self) -> str:
        return f"network, {self.types}"

    @property
    def shows(self) -> tuple[str, ...]:
        """The kinds whose ops take what they take in it."""
        return IN_NETWORKS

    def model(self) -> Model:
        g = Builder()
        plain = "float" if self.types == "hybrid" else self.types
        x = g.input((1, self.size, self.size, 3), _dtype(plain), **_scale(plain))
        x = _layer(g, x, self.types, ("convolution", 2, self.channels))
        for block in self.blocks:
            y = x
            for layer in block:
                y = _layer(g, y, self.types, layer)
            x = _sum(g, x, y, plain) if self.is_residual and y.shape == x.shape else y
        return g.model([x])


@frozen(eq=False)
class TransformerSample:
    """A network as models of tokens are: blocks of attention, and of two dense layers, each normalized."""

    types: str
    tokens: int
    channels: int
    heads: int

    @property
    def name(self) -> str:
        return f"transformer, {self.types}"

    @property
    def shows(self) -> tuple[str, ...]:
        """The kinds whose ops take what they take in it."""
        return IN_TRANSFORMERS

    def model(self) -> Model:
        g = Builder()
        plain = "float" if self.types == "hybrid" else self.types
        x = g.input((1, self.tokens, self.channels), _dtype(plain), **_scale(plain))
        for _ in range(2):
            x = _sum(g, x, self._attended(g, _normalized(g, x, plain), plain), plain)
            y = _dense(g, _normalized(g, x, plain), self.types, 2 * self.channels)
            x = _sum(g, x, _dense(g, y, self.types, self.channels), plain)
        return g.model([x])

    def _attended(self, g: Builder, x: Tensor, types: str) -> Tensor:
        n, c, heads = self.tokens, self.channels, self.heads
        split = (1, n, heads, c // heads)
        q, k, v = (
            _moved(g, _viewed(g, _dense(g, x, self.types, c), types, split), types, order)
            for order in ((0, 2, 1, 3), (0, 2, 3, 1), (0, 2, 1, 3))
        )
        y = _product(g, _softmax(g, _product(g, q, types, k), types), types, v)
        return _dense(g, _viewed(g, _moved(g, y, types, (0, 2, 1, 3)), types, (1, n, c)), self.types, c)


Network = NetworkSample | TransformerSample


@frozen(eq=False)
class Took:
    """What an op of a sample took."""

    op: Op
    seconds: float


def samples() -> list[ChainSample]:
    """Return what is measured of a delegate, what the others build on first."""
    found = [
        ChainSample(kind, types, adds, shape)
        for kind, adds, shapes in KINDS
        for types in ("float", "int8", *(("hybrid", "uint8", "int16") if kind in WEIGHTED else ()))
        if kind != "recurrent" or types in ("float", "hybrid", "int8")
        for shape in shapes
    ]
    return sorted(found, key=lambda sample: not sample.is_first)


def networks() -> list[Network]:
    """Return what shows how classes stand behind each other."""
    transformers = [
        TransformerSample(types, *sizes)
        for types in ("float", "int8", "hybrid")
        for sizes in ((49, 48, 4), (16, 64, 2), (128, 64, 4))
    ]
    images = [
        NetworkSample(types, size, channels, tuple(blocks), is_residual)
        for types in ("float", "int8", "hybrid")
        for size, channels, is_residual, blocks in (
            (32, 16, True, _residual(16, "convolution")),
            (96, 8, False, _separable(8)),
            (96, 8, True, _inverted(8)),
            (64, 32, True, _residual(32, "convolution")),
            (128, 8, True, _residual(8, "depthwise", "pointwise")),
            (160, 24, False, _separable(24)),
            (160, 16, True, _inverted(16)),
        )
    ]
    return [*images, *transformers]


def _residual(channels: int, *kinds: str) -> Iterator[Block]:
    """Yield blocks as those of ResNet, and of networks for faces."""
    for _ in range(3):
        yield from [tuple((kind, 1, channels) for kind in kinds)] * 2
        channels *= 2
        yield (("convolution", 2, channels),)


def _separable(channels: int) -> Iterator[Block]:
    """Yield blocks as those of MobileNet v1."""
    for stride, times in ((1, 2), (2, 2), (1, 1), (2, 2), (1, 1), (2, 2), (1, 1)):
        yield ("depthwise", stride, channels), ("pointwise", 1, channels * times)
        channels *= times


def _inverted(channels: int) -> Iterator[Block]:
    """Yield blocks as those of MobileNet v2."""
    given = channels
    for stride, times in ((2, 1), (1, 1), (2, 2), (1, 2), (1, 2), (2, 4), (1, 4)):
        wide = 6 * given
        given = times * channels
        yield ("pointwise", 1, wide), ("depthwise", stride, wide), ("pointwise", 1, given)


def stages() -> int:
    """Return how many samples and networks run: how often ``calibrate`` tells its progress."""
    return len(samples()) + len(networks())


def calibrate(
    delegates: Sequence[Delegate],
    seconds: float = SECONDS,
    progress: Callable[[str], None] = lambda stage: None,
) -> list[CostTable]:
    """Return what ops take on each of some delegates, measured now.

    They run each sample in turn: what else the machine does meanwhile costs all of them alike.

    :param seconds: of runs, per sample and delegate; 0: one run, to see that it works.
    :param progress: called before each sample and network with its name.
    """
    alone = _alone(delegates, seconds)
    found = [_Measured(alone) for _ in delegates]
    for sample in samples():
        progress(sample.name)
        models = [sample.model(1), sample.model(LENGTH)] if sample.is_first else [sample.model(LENGTH)]
        for measured, took in zip(found, _in_turn(models, delegates, seconds), strict=True):
            if took is not None:
                measured.add(sample, models, took)
    for network in networks():
        progress(network.name)
        model = network.model()
        for measured, took in zip(found, _in_turn([model], delegates, seconds), strict=True):
            if took is not None:
                measured.add_network(network, model, took[0])
    return [measured.table() for measured in found]


def _alone(delegates: Sequence[Delegate], seconds: float) -> float:
    """Return what any run takes, whatever it does and on whatever: the least of a model of one op or none.

    A model without ops is no such measure by itself: what a delegate does as a whole is run more directly.
    """
    smallest = next(sample for sample in samples() if sample.is_first)
    took = _in_turn([_nothing(), smallest.model(1)], delegates, seconds)
    return min((t for one in took for t in one or ()), default=0.0)


class _Measured:
    """What the samples so far took on a delegate."""

    def __init__(self, alone: float) -> None:
        self._alone = alone  # seconds that any run takes
        self._took: dict[str, list[Took]] = {}  # by the sample's name
        self._chains: dict[int, tuple[float, float]] = {}  # by bytes handed: an op, a model of one
        self._launch, self._per_byte = 0.0, 0.0
        self._fitted: CostTable | None = None  # to all samples so far
        # By kinds and types: the sum of classes, ops, and what they took.
        self._networks: dict[tuple[tuple[str, ...], str], list[tuple[float, int, float]]] = {}

    def add(self, sample: ChainSample, models: Sequence[Model], took: Sequence[float]) -> None:
        """Add what models of a sample took: a chain, behind an op alone where the sample is first."""
        *ones, chain = (max(s - self._alone, 0.0) for s in took)
        handed = _edge(models[-1])
        for one in ones:
            each = max(chain - one, 0.0) / (LENGTH - 1)
            self._chains[handed] = each, one
            self._launch, self._per_byte = _launch(self._chains)
        if not ones:
            each = max(chain - self._launch - self._per_byte * handed, 0.1 * chain) / LENGTH
        op = models[-1].subgraphs[0].ops[0]
        self._took.setdefault(sample.name, []).append(Took(op, each))
        self._fitted = None

    def add_network(self, network: Network, model: Model, took: float) -> None:
        """Add what a network took, once its ops' classes are there."""
        ops = model.subgraphs[0].ops
        estimated = sum(map(self._fits().seconds, ops))
        alone = max(took - self._alone - self._launch - self._per_byte * _edge(model), 0.1 * took)
        self._networks.setdefault((network.shows, network.types), []).append((estimated, len(ops), alone))

    def table(self) -> CostTable:
        fits = self._fits()
        classes = {name: self._scaled(name, cost) for name, cost in fits.classes.items()}
        return CostTable(fits.launch, fits.per_byte, classes)

    def _fits(self) -> CostTable:
        if self._fitted is None:
            classes = {name: _fitted(took) for name, took in self._took.items()}
            self._fitted = CostTable(self._launch, self._per_byte, classes)
        return self._fitted

    def _scaled(self, name: str, cost: ClassCost) -> ClassCost:
        """Return what ops of a class take in networks, where these have such ops."""
        kind, _, types = name.partition(", ")
        types = "int8" if types == "uint8" else types
        shown = [rows for (kinds, t), rows in self._networks.items() if kind in kinds and t == types]
        if not shown:
            return cost
        (found,) = shown  # no kind is in both
        took = np.array([alone for *_, alone in found])
        factor, more = _nonnegative(np.array([row[:2] for row in found]), took, 1 / took)
        per_op, per_mac, per_byte = (factor * part for part in cost)
        return ClassCost(per_op + more, per_mac, per_byte)


def _launch(chains: Mapping[int, tuple[float, float]]) -> tuple[float, float]:
    """Return seconds of a launch, and of a byte handed in or out: what a run takes besides its op."""
    weights = np.array([1 / max(one, 1e-7) for _, one in chains.values()])
    rest = np.array([max(one - each, 0.0) for each, one in chains.values()])
    rows = np.array([[1.0, size] for size in chains])
    fixed, per_byte = _nonnegative(rows, rest, weights)
    return fixed, per_byte


def _edge(model: Model) -> int:
    graph = model.subgraphs[0]
    return sum(map(nbytes, (*graph.inputs, *graph.outputs)))


def _fitted(found: Sequence[Took]) -> ClassCost:
    """Return the costs with the least relative error, of what is more than noise."""
    rows = np.array([work(t.op) for t in found], float)
    seconds = np.array([max(t.seconds, 0.0) for t in found])
    return ClassCost(*_nonnegative(rows, seconds, 1 / (seconds + _NOISE)))


def _nonnegative(rows: np.ndarray, seconds: np.ndarray, weights: np.ndarray) -> list[float]:
    """Return factors of 0 or more for the columns, with the least squares of weighted errors."""
    scaled, wanted = rows * weights[:, None], seconds * weights
    best, least = [0.0] * rows.shape[1], float(np.square(wanted).sum())
    for count in range(1, min(rows.shape) + 1):
        for columns in combinations(range(rows.shape[1]), count):
            used = scaled[:, columns]
            size = np.abs(used).max(axis=0)
            if not size.all():
                continue
            factors = np.linalg.lstsq(used / size, wanted, rcond=None)[0] / size
            error = float(np.square(used @ factors - wanted).sum())
            if (factors >= 0).all() and error < least - 1e-9:
                least = error
                best = [0.0] * rows.shape[1]
                for column, factor in zip(columns, factors, strict=True):
                    best[column] = float(factor)
    return best


def _in_turn(
    models: Sequence[Model], delegates: Sequence[Delegate], seconds: float
) -> list[list[float] | None]:
    """Return seconds of runs of models for each delegate; None for one that does not do them alone."""
    with fallbacks_unsaid(), ExitStack() as stack:
        runs = [_runs(models, delegate, stack) for delegate in delegates]
        took = iter(_seconds([run for some in runs for run in some or ()], seconds))
        return [None if some is None else [next(took) for _ in some] for some in runs]


def _runs(models: Sequence[Model], delegate: Delegate, stack: ExitStack) -> list[Run] | None:
    """Prepare models on a delegate, and run each once; None if it does not do them alone."""
    runs: list[Run] = []
    try:
        for model in models:
            interpreter = stack.enter_context(Interpreter(model=model, delegates=[delegate]))
            if any(p.delegate is not delegate for p in interpreter.plan.partitions):
                return None
            interpreter.allocate_tensors()
            for t in model.subgraphs[0].inputs:
                interpreter.set_tensor(t.index, _values(t))
            interpreter.invoke()
            runs.append(interpreter.invoke)
    except DelegraphError:
        return None
    return runs


def _values(t: Tensor) -> np.ndarray:
    """Return values all over a tensor's range: of zeros alone, some kernels leave their products out."""
    bits = np.random.PCG64(1).random_raw(t.size).reshape(t.shape)
    if t.dtype == "float32":
        return np.asarray((bits >> np.uint64(40)) / np.float64(1 << 23) - 1, np.float32)
    return np.asarray(bits.view(np.int64) >> 48, t.dtype)


def _seconds(runs: Sequence[Run], seconds: float) -> list[float]:
    """Return what each run takes at the least: a machine does other things, too."""
    found: list[list[float]] = [[] for _ in runs]
    start, least = perf_counter(), 4 if seconds else 1
    while runs and (
        len(found[0]) < least or (perf_counter() - start < seconds * len(runs) and len(found[0]) < MOST)
    ):
        for run, times in zip(runs, found, strict=True):
            if seconds:
                run()  # wakes what slept while the others ran
            before = perf_counter()
            run()
            times.append(perf_counter() - before)
    return [min(times) for times in found]


def _nothing() -> Model:
    g = Builder()
    x = g.input((1, 4), "float32")
    return g.model([x])


def _dtype(types: str) -> str:
    return types if types in ZERO else "float32"


def _scale(types: str) -> dict[str, Any]:
    return {"scale": 0.05, "zero_point": ZERO[types]} if types in ZERO else {}


def _like(g: Builder, x: Tensor, types: str, shape: Sequence[int]) -> Tensor:
    return g.tensor(shape, _dtype(types), **_scale(types))


def _weights(g: Builder, types: str, shape: Sequence[int], axis: int | None) -> Tensor:
    values = np.arange(np.prod(shape)).reshape(shape) % 7 - 3
    if types == "float":
        return g.constant((values * 0.01).astype(np.float32))
    if types == "uint8":  # as older converters write: one scale for all
        return g.constant((values + 128).astype(np.uint8), scale=0.01, zero_point=128)
    if axis is None:
        return g.constant(values.astype(np.int8), scale=0.01, zero_point=0)
    scale = np.full(shape[axis], 0.01, np.float32)
    zeros = np.zeros(shape[axis], np.int64)
    return g.constant(values.astype(np.int8), scale=scale, zero_point=zeros, axis=axis)


def _bias(g: Builder, types: str, channels: int) -> Tensor:
    if types == "uint8":
        return g.constant(np.zeros(channels, np.int32), scale=0.0005, zero_point=0)
    if types in ("int8", "int16"):
        scale = np.full(channels, 0.0005, np.float32)
        zeros = np.zeros(channels, np.int64)
        dtype = np.int32 if types == "int8" else np.int64
        return g.constant(np.zeros(channels, dtype), scale=scale, zero_point=zeros, axis=0)
    return g.constant(np.zeros(channels, np.float32))


def _made(g: Builder, name: str, operands: Sequence[Tensor | None], y: Tensor, **options: Any) -> Tensor:
    g.op(name, operands, [y], **options)
    return y


def _conv(size: int, channels: int | None = None, stride: int = 1) -> Adds:
    def add(g: Builder, x: Tensor, types: str) -> Tensor:
        assert x.shape is not None
        return _convolved(g, x, types, size, channels or x.shape[-1], stride)

    return add


def _convolved(g: Builder, x: Tensor, types: str, size: int, channels: int, stride: int) -> Tensor:
    """Add a convolution of size by size that gives so many channels."""
    assert x.shape is not None
    n, h, w, given = x.shape
    operands = [x, _weights(g, types, (channels, size, size, given), 0), _bias(g, types, channels)]
    y = _like(g, x, types, (n, -(-h // stride), -(-w // stride), channels))
    return _made(g, "CONV_2D", operands, y, padding="SAME", stride_w=stride, stride_h=stride)


def _depthwise(size: int, multiplier: int = 1, stride: int = 1) -> Adds:
    def add(g: Builder, x: Tensor, types: str) -> Tensor:
        assert x.shape is not None
        n, h, w, given = x.shape
        channels = given * multiplier
        operands = [x, _weights(g, types, (1, size, size, channels), 3), _bias(g, types, channels)]
        y = _like(g, x, types, (n, -(-h // stride), -(-w // stride), channels))
        settings: dict[str, Any] = {"padding": "SAME", "stride_w": stride, "stride_h": stride}
        return _made(g, "DEPTHWISE_CONV_2D", operands, y, depth_multiplier=multiplier, **settings)

    return add


def _layer(g: Builder, x: Tensor, types: str, layer: Layer) -> Tensor:
    """Add a layer of a network; of small weights converters make no integers."""
    kind, stride, channels = layer
    assert x.shape is not None
    size = 1 if kind == "pointwise" else 3
    count = size * size * channels * (1 if kind == "depthwise" else x.shape[-1])
    types = "float" if types == "hybrid" and count < 1024 else types
    if kind == "depthwise":
        return _depthwise(size, stride=stride)(g, x, types)
    return _convolved(g, x, types, size, channels, stride)


def _matrix(g: Builder, x: Tensor, types: str) -> Tensor:
    assert x.shape is not None
    return _dense(g, x, types, x.shape[-1])


def _dense(g: Builder, x: Tensor, types: str, channels: int) -> Tensor:
    assert x.shape is not None
    operands = [x, _weights(g, types, (channels, x.shape[-1]), 0), _bias(g, types, channels)]
    return _made(g, "FULLY_CONNECTED", operands, _like(g, x, types, (*x.shape[:-1], channels)))


def _product(g: Builder, x: Tensor, types: str, other: Tensor | None = None) -> Tensor:
    y = x if other is None else other
    assert x.shape is not None
    assert y.shape is not None
    shape = (*x.shape[:-1], y.shape[-1])
    return _made(g, "BATCH_MATMUL", [x, y], _like(g, x, types, shape), adj_x=False, adj_y=False)


def _normalized(g: Builder, x: Tensor, types: str) -> Tensor:
    """Add what a converter makes of a layer normalization, without its weights."""
    assert x.shape is not None
    middle = _mean(2)(g, x, types)
    square = _made(g, "SQUARED_DIFFERENCE", [x, middle], _like(g, x, types, x.shape))
    spread = _mean(2)(g, square, types)
    more = g.constant(np.array(40, _dtype(types)), **_scale(types))
    some = _made(g, "ADD", [spread, more], _like(g, spread, types, spread.shape or ()))
    scale = _made(g, "RSQRT", [some], _like(g, spread, types, spread.shape or ()))
    scaled = _made(g, "MUL", [x, scale], _like(g, x, types, x.shape))
    shift = _made(g, "MUL", [middle, scale], _like(g, middle, types, middle.shape or ()))
    return _made(g, "SUB", [scaled, shift], _like(g, x, types, x.shape))


def _recurrent(g: Builder, x: Tensor, types: str) -> Tensor:
    """Add an LSTM: operands in the schema's order, those that it may do without absent."""
    assert x.shape is not None
    n, y = x.shape[-1], _like(g, x, types, x.shape)
    weights = [_weights(g, types, (n, n), None) for _ in range(8)]
    biases = [_bias(g, "uint8" if types == "int8" else types, n) for _ in range(4)]  # one scale for all
    states = [g.variable((1, n), "float32") for _ in range(2)]
    settings: dict[str, Any] = {"fused_activation_function": "TANH", "time_major": False}
    if types == "int8":
        cells = g.variable((1, n), "int16", scale=2.0**-11, zero_point=0)
        states = [g.variable((1, n), "int8", scale=0.05, zero_point=0), cells]
        gates = [g.tensor((1,), "int16", scale=0.003, zero_point=0) for _ in range(4)]
        settings["intermediates"] = [*gates, g.tensor((1,), "int8", scale=0.05, zero_point=0)]
    operands = [x, *weights, None, None, None, *biases, None, None, *states, None, None, None, None]
    return _made(g, "UNIDIRECTIONAL_SEQUENCE_LSTM", operands, y, **settings)


def _elementwise(g: Builder, x: Tensor, types: str) -> Tensor:
    assert x.shape is not None
    return _made(g, "ADD", [x, x], _like(g, x, types, x.shape))


def _sum(g: Builder, x: Tensor, y: Tensor, types: str) -> Tensor:
    assert x.shape is not None
    return _made(g, "ADD", [x, y], _like(g, x, types, x.shape))


def _difference(g: Builder, x: Tensor, types: str) -> Tensor:
    assert x.shape is not None
    other = g.constant(np.full(x.shape[-1], 3, _dtype(types)), **_scale(types))
    return _made(g, "SQUARED_DIFFERENCE", [x, other], _like(g, x, types, x.shape))


def _softmax(g: Builder, x: Tensor, types: str) -> Tensor:
    assert x.shape is not None
    scale: dict[str, Any] = {"scale": 1 / 256, "zero_point": -128} if types == "int8" else {}
    return _made(g, "SOFTMAX", [x], g.tensor(x.shape, _dtype(types), **scale), beta=1.0)


def _mean(*axes: int) -> Adds:
    def add(g: Builder, x: Tensor, types: str) -> Tensor:
        assert x.shape is not None
        shape = tuple(1 if i in axes else size for i, size in enumerate(x.shape))
        operands = [x, g.constant(np.array(axes, np.int32))]
        return _made(g, "MEAN", operands, _like(g, x, types, shape), keep_dims=True)

    return add


def _function(g: Builder, x: Tensor, types: str) -> Tensor:
    assert x.shape is not None
    scale: dict[str, Any] = {"scale": 1 / 256, "zero_point": -128} if types == "int8" else {}
    return _made(g, "LOGISTIC", [x], g.tensor(x.shape, _dtype(types), **scale))


def _reduction(g: Builder, x: Tensor, types: str) -> Tensor:
    assert x.shape is not None
    settings: dict[str, Any] = {"stride_w": 1, "stride_h": 1, "filter_width": 3, "filter_height": 3}
    return _made(g, "AVERAGE_POOL_2D", [x], _like(g, x, types, x.shape), padding="SAME", **settings)


def _view(g: Builder, x: Tensor, types: str) -> Tensor:
    assert x.shape is not None
    return _viewed(g, x, types, x.shape[::-1])


def _viewed(g: Builder, x: Tensor, types: str, shape: Shape) -> Tensor:
    y = _like(g, x, types, shape)
    return _made(g, "RESHAPE", [x, g.constant(np.array(shape, np.int32))], y, new_shape=list(shape))


def _movement(g: Builder, x: Tensor, types: str) -> Tensor:
    return _moved(g, x, types, (0, 2, 1, 3))


def _moved(g: Builder, x: Tensor, types: str, order: Sequence[int]) -> Tensor:
    assert x.shape is not None
    y = _like(g, x, types, tuple(x.shape[i] for i in order))
    return _made(g, "TRANSPOSE", [x, g.constant(np.array(order, np.int32))], y)


def _mirroring(g: Builder, x: Tensor, types: str) -> Tensor:
    assert x.shape is not None
    n, h, w, c = x.shape
    around = g.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    y = _like(g, x, types, (n, h + 2, w + 2, c))
    return _made(g, "MIRROR_PAD", [x, around], y, mode="REFLECT")


def _resizing(g: Builder, x: Tensor, types: str) -> Tensor:
    assert x.shape is not None
    size = g.constant(np.array(x.shape[1:3], np.int32))
    y = _like(g, x, types, x.shape)
    return _made(g, "RESIZE_BILINEAR", [x, size], y, align_corners=False, half_pixel_centers=True)


_NOISE = 2e-6  # seconds by which a run differs from the next one, and so an op that is their difference
# Zero points, by type: not 0, as ranges of activations have none of their own, for which LiteRT's products
# of matrices take up to 7 times as long.
ZERO = {"int8": 3, "uint8": 131, "int16": 0}
IN_NETWORKS = ("convolution", "shallow", "pointwise", "depthwise", "elementwise")
IN_TRANSFORMERS = ("matrix", "product", "softmax", "mean", "difference", "view", "movement")
_SMALL, _WIDE = (1, 8, 8, 16), (1, 56, 56, 24)
_TOKENS, _MANY = (1, 49, 48), (1, 784, 48)
# What is added, and to what: of a kind, sizes that differ by much in bytes, and in MACs for the same bytes.
KINDS: tuple[tuple[str, Adds, tuple[Shape, ...]], ...] = (
    ("elementwise", _elementwise, (_SMALL, _WIDE, (1, 112, 112, 32))),
    ("difference", _difference, (_TOKENS, _MANY)),
    ("convolution", _conv(3), (_SMALL, _WIDE, (1, 28, 28, 64), (1, 7, 7, 160))),
    ("shallow", _conv(3, 16, 2), ((1, 32, 32, 3), (1, 128, 128, 3))),
    ("shallow", _conv(9, 8), ((1, 64, 64, 3),)),
    ("pointwise", _conv(1), (_SMALL, _WIDE, (1, 14, 14, 256), (1, 28, 28, 96))),
    ("depthwise", _depthwise(3), (_SMALL, _WIDE, (1, 14, 14, 192))),
    ("depthwise", _depthwise(5), (_WIDE,)),
    ("widening", _depthwise(3, 8), ((1, 32, 32, 3),)),
    ("widening", _depthwise(9, 8, 2), ((1, 49, 40, 1),)),
    ("matrix", _matrix, ((1, 64), (1, 400), _TOKENS, (64, 128))),
    ("product", _product, ((4, 16, 16), (4, 64, 64), (1, 196, 196))),
    ("recurrent", _recurrent, ((1, 6, 24), (1, 20, 24), (1, 6, 96), (1, 1, 128))),
    ("function", _function, (_SMALL, _WIDE)),
    ("softmax", _softmax, (_TOKENS, _MANY)),
    ("mean", _mean(2), (_TOKENS, _MANY)),
    ("mean", _mean(1, 2), (_WIDE, (1, 7, 7, 160))),
    ("reduction", _reduction, (_SMALL, _WIDE)),
    ("view", _view, (_SMALL, _WIDE)),
    ("movement", _movement, (_SMALL, _WIDE)),
    ("mirroring", _mirroring, (_SMALL, _WIDE)),
    ("resizing", _resizing, (_SMALL, _WIDE)),
)
