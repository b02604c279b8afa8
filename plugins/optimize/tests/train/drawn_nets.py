"""Small nets drawn from a seed, of what training has to keep right: joined and moved tensors that share a
scale, weights that two ops share, normalization, several outputs, branches and loops.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Builder, Model, Tensor

SIZE = 4  # of images: 4×4


class DrawnNet:
    """A net while it is drawn; ``ends`` are values that nobody reads yet."""

    def __init__(self, seed: int) -> None:
        self.rng, self.g = np.random.default_rng(seed), Builder()
        self.features: list[str] = []
        self.shared: dict[int, Tensor] = {}  # weights by the number of channels
        self.y = self.g.input((1, SIZE, SIZE, self.channels()), "float32", "x")
        self.ends: list[Tensor] = []

    def channels(self) -> int:
        return int(self.rng.choice([2, 3, 4]))

    def weights(self, *shape: int) -> Tensor:
        size = np.prod(shape[1:-1]) if shape[0] == 1 else np.prod(shape[1:])
        return self.g.constant((self.rng.normal(size=shape) / np.sqrt(size)).astype(np.float32))

    def bias(self, units: int) -> Tensor:
        return self.g.constant(self.rng.normal(size=units).astype(np.float32) / 2)

    def made(self, op: str, inputs: list, shape: tuple[int, ...], **options: object) -> Tensor:  # type: ignore[type-arg]
        return self.g.op(op, inputs, [self.g.tensor(shape, "float32")], **options)  # type: ignore[no-any-return]

    def activation(self) -> str:
        return str(self.rng.choice(["NONE", "RELU", "RELU6", "RELU_N1_TO_1"]))

    def model(self) -> Model:
        shape = self.y.shape or ()
        flat = int(np.prod(shape))
        sizes = self.g.constant(np.array([1, flat], np.int32))
        y = self.made("RESHAPE", [self.y, sizes], (1, flat))
        y = self.made("FULLY_CONNECTED", [y, self.weights(3, flat), self.bias(3)], (1, 3))
        if self.rng.random() < 0.5:
            y = self.made("SOFTMAX", [y], (1, 3), beta=1.0)
        return self.g.model(outputs=[y, *self.ends])


def convolution(net: DrawnNet) -> None:
    _, h, w, c = net.y.shape or ()
    out, k = net.channels(), int(net.rng.choice([1, 3]))
    bias = net.bias(out)
    how = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": net.activation()}
    net.y = net.made("CONV_2D", [net.y, net.weights(out, k, k, c), bias], (1, h, w, out), **how)


def depthwise(net: DrawnNet) -> None:
    _, h, w, c = net.y.shape or ()
    how = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "depth_multiplier": 1}
    how["fused_activation_function"] = net.activation()
    inputs = [net.y, net.weights(1, 3, 3, c), net.bias(c)]
    net.y = net.made("DEPTHWISE_CONV_2D", inputs, (1, h, w, c), **how)


def normalization(net: DrawnNet) -> None:
    """A convolution, MUL and ADD of a value for each channel, as converters leave normalization."""
    (depthwise if net.rng.random() < 0.5 else convolution)(net)
    shape = net.y.shape or ()
    for op in ("MUL", "ADD"):
        values = net.rng.uniform(0.5, 1.5, shape[-1]).astype(np.float32)
        net.y = net.made(op, [net.y, net.g.constant(values)], shape)


def residual(net: DrawnNet) -> None:
    before = net.y
    _, h, w, c = net.y.shape or ()
    how = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    y = net.made("CONV_2D", [net.y, net.weights(c, 1, 1, c), net.bias(c)], (1, h, w, c), **how)
    op = str(net.rng.choice(["ADD", "SUB", "MUL"]))
    net.y = net.made(op, [before, y], (1, h, w, c), fused_activation_function=net.activation())


def concatenation(net: DrawnNet) -> None:
    before = net.y
    convolution(net)
    parts = [before, net.y] if net.rng.random() < 0.7 else [net.y, net.y]
    shape = (1, SIZE, SIZE, sum((t.shape or ())[-1] for t in parts))
    net.y = net.made("CONCATENATION", parts, shape, axis=3)


def shared_weights(net: DrawnNet) -> None:
    """Two FULLY_CONNECTED with the same weights, one behind the other."""
    shape = net.y.shape or ()
    c = shape[-1]
    net.shared.setdefault(c, net.weights(c, c))
    for _ in range(2):
        inputs = [net.y, net.shared[c], net.bias(c)]
        net.y = net.made("FULLY_CONNECTED", inputs, shape, keep_num_dims=True)


def moves(net: DrawnNet) -> None:
    """Ops that hand on what they read: of one scale with it."""
    _, h, w, c = net.y.shape or ()
    pool = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "filter_height": 2, "filter_width": 2}
    kind = str(net.rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D", "TRANSPOSE", "SPLIT", "MAXIMUM"]))
    if kind.endswith("POOL_2D"):
        net.y = net.made(kind, [net.y], (1, h, w, c), **pool)
    elif kind == "TRANSPOSE":
        order = net.g.constant(np.array([0, 2, 1, 3], np.int32))
        net.y = net.made(kind, [net.y, order], (1, w, h, c))
    elif kind == "MAXIMUM":
        net.y = net.made(kind, [net.y, net.weights(1, 1, 1, c)], (1, h, w, c))
    else:
        halves = [net.g.tensor((1, h // 2, w, c), "float32") for _ in range(2)]
        axis = net.g.constant(np.array(1, np.int32))
        parts = net.g.op(kind, [axis, net.y], halves, num_splits=2)
        net.y = net.made("CONCATENATION", [parts[1], parts[0]], (1, h, w, c), axis=1)


def curve(net: DrawnNet) -> None:
    kind = str(net.rng.choice(["LOGISTIC", "TANH", "LEAKY_RELU", "HARD_SWISH"]))
    options = {"alpha": 0.125} if kind == "LEAKY_RELU" else {}
    net.y = net.made(kind, [net.y], net.y.shape or (), **options)


def output(net: DrawnNet) -> None:
    """What is there now is an output, too."""
    if net.y not in net.ends and net.y.name != "x":
        net.ends.append(net.y)


def branch(net: DrawnNet) -> None:
    """IF the mean is above 0: a product, else a curve."""
    shape = net.y.shape or ()
    axes = net.g.constant(np.array([0, 1, 2, 3], np.int32))
    mean = net.made("MEAN", [net.y, axes], ())
    above = net.g.op("GREATER", [mean, net.g.constant(np.float32(0))], [net.g.tensor((), "bool")])
    then, other = net.g.subgraph("then"), net.g.subgraph("else")
    v = then.input(shape, "float32", "v")
    w = then.constant(net.rng.normal(size=(shape[-1], shape[-1])).astype(np.float32) / 2)
    inputs = [v, w, None]
    then.returns(then.op("FULLY_CONNECTED", inputs, [then.tensor(shape, "float32")], keep_num_dims=True))
    v = other.input(shape, "float32", "v")
    other.returns(other.op("TANH", [v], [other.tensor(shape, "float32")]))
    options = {"then_subgraph_index": then.index, "else_subgraph_index": other.index}
    net.y = net.made("IF", [above, net.y], shape, **options)


def loop(net: DrawnNet) -> None:
    """WHILE i < 2: multiply."""
    shape = net.y.shape or ()
    cond, body = net.g.subgraph("cond"), net.g.subgraph("body")
    i, _ = cond.input((), "int32", "i"), cond.input(shape, "float32", "v")
    cond.returns(cond.op("LESS", [i, cond.constant(np.int32(2))], [cond.tensor((), "bool")]))
    i, v = body.input((), "int32", "i"), body.input(shape, "float32", "v")
    more = body.op("ADD", [i, body.constant(np.int32(1))], [body.tensor((), "int32")])
    w = body.constant(net.rng.normal(size=(shape[-1], shape[-1])).astype(np.float32) / 2)
    inputs = [v, w, None]
    y = body.op("FULLY_CONNECTED", inputs, [body.tensor(shape, "float32")], keep_num_dims=True)
    body.returns(more, y)
    start = net.g.constant(np.int32(0))
    outputs = [net.g.tensor((), "int32"), net.g.tensor(shape, "float32")]
    options = {"cond_subgraph_index": cond.index, "body_subgraph_index": body.index}
    net.y = net.g.op("WHILE", [start, net.y], outputs, **options)[1]


PARTS: tuple[Callable[[DrawnNet], None], ...] = (
    convolution, depthwise, normalization, residual, concatenation, shared_weights, moves, curve, output,
    branch, loop,
)  # fmt: skip


def drawn_net(seed: int) -> tuple[Model, list[str]]:
    """Return the net of a seed, and the names of its parts."""
    net = DrawnNet(seed)
    for _ in range(int(net.rng.integers(2, 6))):
        part = PARTS[int(net.rng.integers(len(PARTS)))]
        net.features.append(part.__name__)
        part(net)
    return net.model(), net.features


def drawn_images(model: Model, count: int, seed: int) -> np.ndarray:
    shape = model.subgraphs[0].inputs[0].shape or ()
    return np.random.default_rng(seed).uniform(-1, 1, (count, *shape)).astype(np.float32)
