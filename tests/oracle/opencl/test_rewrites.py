"""Every rewrite takes place where it should, leaves alone what it must, and changes no number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from delegraph import Builder, Interpreter, Model
from one_op import random_array
from one_op_opencl import check, loaded


def floats(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return random_array("float32", shape, seed, -1, 1)


def nodes_of(model: Model) -> list[str]:
    """Return the nodes that the delegate makes of a model, each with the ops it computes."""
    from delegraph_opencl.program.lowering import lowered
    from delegraph_opencl.program.rewrites import Rewrite, rewrite
    from delegraph_opencl.program.uses import unwritten

    delegate = loaded()
    plan = Interpreter(model=model, delegates=[delegate]).plan
    nodes = lowered(plan.partitions[0])

    def all_is_written(row: Rewrite) -> None:
        assert unwritten(nodes) is None, row.name

    rewrite(nodes, all_is_written)
    return [" + ".join(op.name for op in (node.op, *node.merged)) for node in nodes.nodes]


def rewritten(model: Model, *expected: str) -> None:
    """Fail unless the model becomes these nodes and computes what LiteRT computes."""
    assert nodes_of(model) == list(expected)
    given = [floats(20 + i, t.shape or ()) for i, t in enumerate(model.subgraphs[0].inputs)]
    check(model, given, rtol=1e-5)


class Net:
    """A model in the making, with the ops these tests need."""

    def __init__(self) -> None:
        self.g = Builder()

    def image(self, *shape: int):
        return self.g.input(shape, "float32")

    def out(self, *shape: int):
        return self.g.tensor(shape, "float32")

    def constant(self, *shape: int, seed: int = 1):
        return self.g.constant(floats(seed, shape))

    def conv(self, x, out, channels: tuple[int, int], size: int = 3, **options):
        filters = self.constant(channels[1], size, size, channels[0], seed=2)
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1} | options
        return self.g.op("CONV_2D", [x, filters, self.constant(channels[1], seed=3)], [out], **options)


def padded(net: Net) -> object:
    """Add a PAD and the convolution that reads it; return what the PAD computes."""
    pads = net.g.constant(np.array([[0, 0], [1, 2], [0, 3], [0, 0]], np.int32))
    p = net.g.op("PAD", [net.image(1, 6, 5, 3), pads], [net.out(1, 9, 8, 3)])
    net.conv(p, net.out(1, 4, 3, 8), (3, 8), padding="VALID", stride_h=2, stride_w=2)
    return p


def test_zeros_before_a_convolution_are_read_and_not_written():
    net = Net()
    padded(net)
    rewritten(net.g.model(), "CONV_2D + PAD")


def test_zeros_are_written_where_somebody_else_reads_them():
    net = Net()
    net.g.op("NEG", [padded(net)], [net.out(1, 9, 8, 3)])
    assert nodes_of(net.g.model())[0] == "PAD"


def attention(stored: tuple[int, ...], adjoined: bool = False, then: bool = False) -> Model:
    """Return products of 2 heads, (1, 2, 5, 7), read from where the heads lie side by side, and transposed.

    :param stored: in which order of the axes the products leave.
    :param adjoined: with what is multiplied from the right turned by the op itself.
    :param then: other numbers are added to what leaves.
    """
    net = Net()
    order = (0, 2, 1, 3) if adjoined else (0, 2, 3, 1)
    q, k = net.image(1, 5, 2, 6), net.image(1, 7, 2, 6)
    sides = [transposed(net, q, (0, 2, 1, 3)), transposed(net, k, order)]
    product = net.g.op("BATCH_MATMUL", sides, [net.out(1, 2, 5, 7)], adj_x=False, adj_y=adjoined)
    y = transposed(net, product, stored)
    if then:
        net.g.op("ADD", [y, net.image(*y.shape)], [net.out(*y.shape)])
    return net.g.model()


def transposed(net: Net, x, order: tuple[int, ...]):
    axes = net.g.constant(np.array(order, np.int32))
    return net.g.op("TRANSPOSE", [x, axes], [net.out(*(x.shape[i] for i in order))])


@pytest.mark.parametrize(
    ("stored", "adjoined"), [((0, 2, 1, 3), False), ((0, 1, 3, 2), True), ((3, 1, 0, 2), False)]
)
def test_a_product_reads_and_stores_what_is_transposed_where_it_is(stored, adjoined):
    rewritten(attention(stored, adjoined), "BATCH_MATMUL + TRANSPOSE + TRANSPOSE + TRANSPOSE")


def test_what_follows_a_transposed_product_reads_its_numbers_in_the_new_order():
    rewritten(attention((0, 1, 3, 2), then=True), "BATCH_MATMUL + TRANSPOSE + TRANSPOSE + TRANSPOSE + ADD")


def test_matrices_are_transposed_where_their_numbers_would_not_lie_side_by_side():
    rewritten(attention((0, 2, 3, 1)), "BATCH_MATMUL + TRANSPOSE + TRANSPOSE", "TRANSPOSE")


@pytest.mark.parametrize("name", ["MUL", "ADD", "SUB"])
@pytest.mark.parametrize("size", [(8,), (1, 1, 1, 8), (1,)])
def test_a_constant_per_channel_is_merged_into_weights_and_bias(name, size):
    net = Net()
    y = net.conv(net.image(2, 5, 5, 3), net.out(2, 5, 5, 8), (3, 8))
    z = net.g.op(name, [y, net.constant(*size, seed=4)], [net.out(2, 5, 5, 8)])
    net.g.op("MUL", [z, net.constant(8, seed=5)], [net.out(2, 5, 5, 8)], fused_activation_function="RELU")
    rewritten(net.g.model(), f"CONV_2D + {name} + MUL")


def test_a_constant_is_not_merged_across_an_activation():
    net = Net()
    y = net.conv(net.image(1, 5, 5, 3), net.out(1, 5, 5, 8), (3, 8), fused_activation_function="RELU")
    net.g.op("ADD", [y, net.constant(8, seed=4)], [net.out(1, 5, 5, 8)])
    rewritten(net.g.model(), "CONV_2D + ADD")  # as a step of the epilogue, after the activation


def test_a_chain_of_elementwise_ops_is_computed_before_anything_is_stored():
    net = Net()
    x = net.image(1, 4, 4, 8)
    y = net.conv(x, net.out(1, 4, 4, 8), (8, 8), size=1)
    z = net.g.op("ADD", [x, y], [net.out(1, 4, 4, 8)])  # a residual connection
    s = net.g.op("LOGISTIC", [z], [net.out(1, 4, 4, 8)])
    net.g.op("MUL", [s, net.constant(1, seed=6)], [net.out(1, 4, 4, 8)])
    rewritten(net.g.model(), "CONV_2D + ADD + LOGISTIC + MUL")


def test_of_two_producers_the_later_one_takes_the_sum():
    net = Net()
    a = net.conv(net.image(1, 4, 4, 3), net.out(1, 4, 4, 8), (3, 8))
    b = net.conv(net.image(1, 4, 4, 5), net.out(1, 4, 4, 8), (5, 8))
    net.g.op("SUB", [a, b], [net.out(1, 4, 4, 8)])
    rewritten(net.g.model(), "CONV_2D", "CONV_2D + SUB")


def test_what_is_read_twice_or_leaves_is_stored():
    net = Net()
    y = net.conv(net.image(1, 4, 4, 3), net.out(1, 4, 4, 8), (3, 8))
    net.g.op("NEG", [y], [net.out(1, 4, 4, 8)])
    net.g.op("ABS", [y], [net.out(1, 4, 4, 8)])
    rewritten(net.g.model(), "CONV_2D", "NEG", "ABS")


def test_a_larger_operand_is_not_fused_into_a_smaller_one():
    net = Net()
    y = net.conv(net.image(1, 1, 1, 3), net.out(1, 1, 1, 8), (3, 8))
    net.g.op("MUL", [y, net.image(1, 4, 4, 8)], [net.out(1, 4, 4, 8)])
    rewritten(net.g.model(), "CONV_2D", "MUL")


@pytest.mark.parametrize("widths", [(8, 16), (5, 3), (1, 2, 4)])
def test_convolutions_store_where_a_concatenation_of_channels_wants_them(widths):
    net = Net()
    x = net.image(2, 5, 4, 3)
    parts = [net.conv(x, net.out(2, 5, 4, width), (3, width)) for width in widths]
    net.g.op("CONCATENATION", parts, [net.out(2, 5, 4, sum(widths))], axis=-1)
    nodes = ["CONV_2D"] * (len(widths) - 1) + ["CONV_2D + CONCATENATION"]
    rewritten(net.g.model(), *nodes)


@pytest.mark.parametrize(("rows", "nodes"), [((8, 4), 2), ((3, 4), 3)])
def test_runs_that_a_device_can_address_are_concatenated_in_place(rows, nodes):
    """A part of a buffer begins at a multiple of 512 elements: after 8 rows of 4 times 16, not after 3."""
    net = Net()
    parts = []
    for height in rows:
        x = net.image(1, height, 4, 16)
        parts.append(net.g.op("NEG", [x], [net.out(1, height, 4, 16)]))
    net.g.op("CONCATENATION", parts, [net.out(1, sum(rows), 4, 16)], axis=1)
    model = net.g.model()
    assert len(nodes_of(model)) == nodes
    check(model, [floats(i, t.shape) for i, t in enumerate(model.subgraphs[0].inputs)])


REPEATING: dict[str, Callable[[Net, object, tuple[int, ...]], object]] = {
    "RESIZE_BILINEAR": lambda net, x, size: net.g.op(
        "RESIZE_BILINEAR",
        [x, net.g.constant(np.int32(size[1:3]))],
        [net.out(*size)],
        half_pixel_centers=True,
    ),
    "RESIZE_NEAREST_NEIGHBOR": lambda net, x, size: net.g.op(
        "RESIZE_NEAREST_NEIGHBOR", [x, net.g.constant(np.int32(size[1:3]))], [net.out(*size)]
    ),
    "BROADCAST_TO": lambda net, x, size: net.g.op(
        "BROADCAST_TO", [x, net.g.constant(np.int32(size))], [net.out(*size)], version=2
    ),
    "TILE": lambda net, x, size: net.g.op(
        "TILE", [x, net.g.constant(np.int32([*size[:3], 1]))], [net.out(*size)]
    ),
}


def pooled(how: str, parts: str, seed: int = 0, read_twice: bool = False) -> Net:
    """Return a pointwise convolution of channels of images ("i") and of pixels that are repeated ("p")."""
    net, sizes = Net(), [int(n) for n in floats(seed, (len(parts) + 3,)) * 9 + 11]
    height, width, out = (max(n % 7, 2) for n in sizes[:3])
    joined, pixels = [], []
    for part, channels in zip(parts, sizes[3:], strict=True):
        if part == "i":
            joined.append(net.image(1, height, width, channels))
        else:
            x = net.conv(net.image(1, 1, 1, 3), net.out(1, 1, 1, channels), (3, channels), size=1)
            pixels.append(REPEATING[how](net, x, (1, height, width, channels)))
            joined.append(pixels[-1])
    channels = sum(sizes[3:])
    c = net.g.op("CONCATENATION", joined, [net.out(1, height, width, channels)], axis=-1)
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1, "fused_activation_function": "RELU6"}
    operands = [c, net.constant(out, 1, 1, channels, seed=seed + 1), net.constant(out, seed=seed + 2)]
    y = net.g.op("CONV_2D", operands, [net.out(1, height, width, out)], **options)
    net.g.op("MUL", [y, net.constant(out, seed=seed + 3)], [net.out(1, height, width, out)])
    if read_twice:
        net.g.op("NEG", pixels, [net.out(*pixels[0].shape)])
    return net


@pytest.mark.parametrize("how", REPEATING)
@pytest.mark.parametrize("parts", ["ip", "pi"])
def test_a_pixel_that_is_repeated_is_multiplied_once(how, parts):
    net = pooled(how, parts, seed=len(how))
    rewritten(net.g.model(), "CONV_2D", f"CONV_2D + {how}", "CONV_2D + CONCATENATION + MUL")


def test_between_other_channels_so_is_each_of_several():
    (*others, last) = nodes_of(pooled("TILE", "ipi").g.model())
    assert (sorted(others), last) == (["CONCATENATION", "CONV_2D", "CONV_2D + TILE"], "CONV_2D + MUL")
    pixels = ["CONV_2D", "CONV_2D + TILE"] * 2
    rewritten(pooled("TILE", "pip", seed=4).g.model(), *pixels, "CONV_2D + CONCATENATION + MUL")


def test_a_pixel_is_repeated_that_somebody_else_reads_or_that_may_be_infinite():
    assert "CONCATENATION" in nodes_of(pooled("TILE", "ip", read_twice=True).g.model())
    net = Net()
    resized = REPEATING["RESIZE_BILINEAR"](net, net.image(1, 1, 1, 3), (1, 4, 4, 3))
    joined = net.g.op("CONCATENATION", [resized, net.image(1, 4, 4, 5)], [net.out(1, 4, 4, 8)], axis=3)
    net.conv(joined, net.out(1, 4, 4, 6), (8, 6), size=1)
    assert nodes_of(net.g.model()) == ["RESIZE_BILINEAR", "CONCATENATION", "CONV_2D"]


def test_an_input_is_copied_into_a_concatenation():
    net = Net()
    x = net.image(1, 4, 4, 8)
    y = net.conv(x, net.out(1, 4, 4, 8), (8, 8))
    net.g.op("CONCATENATION", [x, y], [net.out(1, 4, 4, 16)], axis=3)
    rewritten(net.g.model(), "CONV_2D", "CONCATENATION")


IDENTITIES: dict[str, Callable[[Net, object], object]] = {
    "RESHAPE": lambda net, x: net.g.op("RESHAPE", [x], [net.out(1, 16, 8)], new_shape=(1, 16, 8)),
    "SQUEEZE": lambda net, x: net.g.op("SQUEEZE", [x], [net.out(4, 4, 8)], squeeze_dims=(0,)),
    "CONCATENATION": lambda net, x: net.g.op("CONCATENATION", [x], [net.out(1, 4, 4, 8)], axis=3),
    "SLICE": lambda net, x: net.g.op(
        "SLICE",
        [x, net.g.constant(np.zeros(4, np.int32)), net.g.constant(np.full(4, -1, np.int32))],
        [net.out(1, 4, 4, 8)],
    ),
    "PAD": lambda net, x: net.g.op(
        "PAD", [x, net.g.constant(np.zeros((4, 2), np.int32))], [net.out(1, 4, 4, 8)]
    ),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_op_that_moves_nothing_costs_nothing(name):
    net = Net()
    y = net.conv(net.image(1, 4, 4, 3), net.out(1, 4, 4, 8), (3, 8))
    z = IDENTITIES[name](net, y)
    shape = next(t.shape for t in reversed(net.g.model().subgraphs[0].tensors))
    net.g.op("ABS", [z], [net.out(*shape)])
    assert name not in " ".join(nodes_of(net.g.model()))
    check(net.g.model(), [floats(1, (1, 4, 4, 3))], rtol=1e-5)


@pytest.mark.parametrize("gate", ["LOGISTIC", "TANH", "ABS", "SQUARE"])
@pytest.mark.parametrize("op", ["MUL", "ADD", "SUB", "MAXIMUM"])
def test_a_value_that_meets_its_own_gate_stays(op, gate):
    net = Net()
    c = net.conv(net.image(1, 4, 4, 3), net.out(1, 4, 4, 8), (3, 8))
    gated = net.g.op(gate, [c], [net.out(1, 4, 4, 8)])
    net.g.op(op, [c, gated], [net.out(1, 4, 4, 8)])
    rewritten(net.g.model(), "CONV_2D", f"{gate} + {op}")


def test_of_several_outputs_the_first_may_be_unread():
    net = Net()
    parts = [net.out(1, 4, 4, 4), net.out(1, 4, 4, 4)]
    net.g.op("SPLIT", [net.g.constant(np.array(3, np.int32)), net.image(1, 4, 4, 8)], parts, num_splits=2)
    y = net.g.op("ABS", [parts[1]], [net.out(1, 4, 4, 4)])
    check(net.g.model(outputs=[y]), [floats(1, (1, 4, 4, 8))], rtol=1e-5)


def test_a_value_that_nobody_wrote_is_seen():
    from delegraph_opencl.program.lowering import lowered
    from delegraph_opencl.program.uses import unwritten

    net = Net()
    y = net.conv(net.image(1, 4, 4, 3), net.out(1, 4, 4, 8), (3, 8))
    net.g.op("ABS", [y], [net.out(1, 4, 4, 8)])
    delegate = loaded()
    plan = Interpreter(model=net.g.model(), delegates=[delegate]).plan
    nodes = lowered(plan.partitions[0])
    del nodes.nodes[0]
    assert "nobody wrote" in (unwritten(nodes) or "")


def test_every_rewrite_is_tested_here():
    from delegraph_opencl.program.rewrites import REWRITES

    assert [row.name for row in REWRITES] == [
        "merge padding",
        "read transposed",
        "store transposed",
        "multiply once",
        "merge constants",
        "fuse elementwise",
        "concatenate in place",
    ]


@pytest.mark.parametrize("then", ["MUL", "ADD", "SUB"])
def test_a_constant_is_folded_where_no_infinity_and_no_sign_is_lost(then: str) -> None:
    shape, options = (1, 3, 3, 5), {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    pixels = np.resize(np.float32([0, -0.0, 1, np.inf, -2, np.nan, 1e-38, -np.inf, 0.5]), (1, 3, 3, 4))
    pixels[0, 0], pixels[0, 1, 1] = -0.0, (1, -2, 0.5, 3)
    for number in np.float32([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 3e38, -3e38, -1.0, 2.0]):
        for bias in np.float32([-0.0, 3e38]):
            g = Builder()
            x, weights = g.input(pixels.shape, "float32"), g.constant(floats(1, (5, 1, 1, 4)))
            operands = [x, weights, g.constant(np.full(5, bias, np.float32))]
            y = g.op("CONV_2D", operands, [g.tensor(shape, "float32")], **options)
            z = g.op(then, [y, g.constant(number)], [g.tensor(shape, "float32")])
            check(g.model([z]), [pixels], half_rtol=None)
