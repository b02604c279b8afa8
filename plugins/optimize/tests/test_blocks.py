"""Blocks: what they hold, their slopes against differences, and what is learned of them together."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import attrs
import numpy as np
import pytest
from delegraph import Builder, Graph, Model, Tensor
from delegraph_optimize import quantize
from delegraph_optimize.improve.blocks import blocks_of
from delegraph_optimize.improve.slopes import BlockSlopes, ProductSlopes, has_slopes
from small import computes, floats
from test_improve import convolution, net, noise

STEP = 2e-4


def told(graph: Graph) -> list[list[str]]:
    return [[op.name for op in block.ops] for block in blocks_of(graph, has_slopes)]


def pointwise(g: Builder, x: Tensor, made: int, act: str = "RELU", size: float = 1.0) -> Tensor:
    *places, read = x.shape
    w, b = g.constant(floats(made, 1, 1, read, size=size)), g.constant(floats(made))
    y = g.tensor((*places, made), "float32")
    return g.op("CONV_2D", [x, w, b], [y], stride_w=1, stride_h=1, fused_activation_function=act)


def depthwise(g: Builder, x: Tensor) -> Tensor:
    w, b = g.constant(floats(1, 3, 3, x.shape[-1])), g.constant(floats(x.shape[-1]))
    y, more = g.tensor(x.shape, "float32"), {"fused_activation_function": "RELU6", "depth_multiplier": 1}
    return g.op("DEPTHWISE_CONV_2D", [x, w, b], [y], stride_w=1, stride_h=1, padding="SAME", **more)


def residual(shortcut: bool = False) -> Model:
    """Two inverted residual blocks behind a convolution, the mean of places and a product."""
    g = Builder()
    x = pointwise(g, g.input((1, 6, 6, 3), "float32", "x"), 8)
    for _ in range(2):
        y = pointwise(g, depthwise(g, pointwise(g, x, 24, "RELU6")), 8, "NONE", 0.3)
        other = pointwise(g, x, 8, "NONE") if shortcut else x
        x = g.op("ADD", [other, y], [g.tensor(x.shape, "float32")], fused_activation_function="RELU")
    x = g.op("MEAN", [x, g.constant(np.array([1, 2], np.int32))], [g.tensor((1, 8), "float32")])
    y = g.op("FULLY_CONNECTED", [x, g.constant(floats(16, 8)), None], [g.tensor((1, 16), "float32")])
    y = g.op("TANH", [y], [g.tensor((1, 16), "float32")])
    operands = [y, g.constant(floats(4, 16)), None]
    return g.model([g.op("FULLY_CONNECTED", operands, [g.tensor((1, 4), "float32", "z")])])


def test_blocks_are_what_lies_between_two_tensors() -> None:
    inverted = ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "ADD"]
    dense = ["FULLY_CONNECTED"]
    assert told(residual().subgraphs[0]) == [["CONV_2D"], inverted, [*inverted, "MEAN"], dense, dense]
    inverted.insert(3, "CONV_2D")
    assert told(residual(shortcut=True).subgraphs[0])[1] == inverted


def test_small_blocks_behind_each_other_are_one() -> None:
    whole = ["CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "FULLY_CONNECTED"]
    assert told(net().subgraphs[0]) == [whole]


def test_an_output_of_the_graph_is_no_inside_of_a_block() -> None:
    graph = residual().subgraphs[0]
    for op in graph.ops:
        more = attrs.evolve(graph, outputs=(op.outputs[0], *graph.outputs))
        for block in blocks_of(more, has_slopes):
            inside = [o.outputs[0].index for o in block.ops if o.outputs[0].index != block.writes.index]
            assert op.outputs[0].index not in inside


@pytest.mark.parametrize("seed", range(24))
def test_slopes_are_those_of_small_differences(seed: int) -> None:
    """(L(w + h e) - L(w - h e)) / 2h = <dL/dw, e>, for L = <y, slope>; and y is the model's."""
    model = convolution(seed) if seed < 16 else residual(shortcut=seed % 2 == 0)
    for block in blocks_of(model.subgraphs[0], has_slopes):
        slopes = BlockSlopes(block)
        x = floats(2, *block.reads.shape, size=2.0)
        slope = floats(*slopes.forward(x).shape)
        if len(block.ops) == len(model.subgraphs[0].ops):
            np.testing.assert_allclose(slopes.forward(x)[0], computes(model, x=x[0])[0], atol=1e-5)
        slopes.forward(x)
        slopes.backward(slope)
        for one in slopes.products.values():
            _check(slopes, one, x, slope)


def test_a_part_of_what_a_block_reads_makes_that_part_of_what_it_writes() -> None:
    """But for its border, which sees zeros where the rest was."""
    slopes = BlockSlopes(blocks_of(residual(shortcut=True).subgraphs[0], has_slopes)[1])
    assert slopes.is_local
    x = floats(2, *slopes.block.reads.shape)
    whole, part = slopes.forward(x), slopes.forward(x[:, :, 1:6, 1:5])
    np.testing.assert_allclose(part[:, :, 1:-1, 1:-1], whole[:, :, 2:5, 2:4], atol=1e-5)
    slopes.backward(np.ones_like(part))


def test_what_lies_behind_a_mean_of_places_is_no_part_of_an_image() -> None:
    assert [BlockSlopes(b).is_local for b in blocks_of(residual().subgraphs[0], has_slopes)] == [
        True, True, False, False, False,
    ]  # fmt: skip


def _check(slopes: BlockSlopes, one: ProductSlopes, x: np.ndarray, slope: np.ndarray) -> None:
    weights, bias = one.product.matrix(one.product.weights), one.product.bias
    way, bias_way = floats(*weights.shape), floats(*bias.shape)
    want = float((one.by_weights * way).sum() + (one.by_bias * bias_way).sum())
    found = []
    for step in (STEP, -STEP):
        one.set(weights + step * way, bias + step * bias_way)
        found.append(float((slopes.forward(x) * slope).sum(dtype=np.float64)))
    one.set(weights, bias)
    # What an activation begins to cut off within a step is off.
    assert (found[0] - found[1]) / (2 * STEP) == pytest.approx(want, rel=0.05, abs=0.05)


def test_what_is_learned_together_is_better_than_op_by_op() -> None:
    """On others than those that it was learned from."""
    model = residual()
    data, others = ([floats(1, 6, 6, 3) for _ in range(n)] for n in (32, 8))
    options = {"data": data, "weights": "int4", "least": 1, "bias_correction": True, "effort": "fast"}
    made = [quantize(model, "weights", rounding=r, **options).model for r in ("adaround", "blocks")]
    one, together = (noise(model, m, others) for m in made)
    assert together < 0.8 * one


def test_blocks_that_are_worse_than_the_nearest_are_not_used() -> None:
    model = net()
    data = [floats(1, 8, 8, 3) for _ in range(2)]
    made = quantize(model, "int8", data=data, rounding="blocks", bias_correction=False).model
    plain = quantize(model, "int8", data=data, effort="fast").model
    assert noise(model, made, data) < 1.1 * noise(model, plain, data)


def test_an_op_that_blocks_do_not_know_is_rounded_by_itself() -> None:
    model = convolution(3)  # of several groups
    assert told(model.subgraphs[0]) == []
    data = [floats(*model.subgraphs[0].inputs[0].shape) for _ in range(4)]
    options = {"data": data, "weights": "int4", "least": 1}
    one, two = (quantize(model, "weights", rounding=r, **options) for r in ("adaround", "blocks"))
    assert one.content == two.content
    assert (
        two.report.notes[-1]
        == "weights rounded by blocks and with corrected biases: 1 of 1 ops, on 4 samples"
    )
