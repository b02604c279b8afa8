"""A small float model for each op of the quantization table, some with several shapes or options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

import numpy as np
from attrs import frozen
from delegraph import Builder, Model

RNG = np.random.default_rng(11)


@frozen(eq=False)
class Const:
    """A constant operand."""

    values: Any


@frozen(eq=False)
class OneOpModel:
    """An op, its operands (a shape is an input, None is left out) and the shapes of its outputs."""

    op: str
    operands: Sequence[Any]
    outputs: Sequence[Any]
    options: dict[str, Any]
    low: float = -1.0  # of the inputs' values
    high: float = 1.0

    def __str__(self) -> str:
        shapes = ["x".join(map(str, o)) for o in self.operands if isinstance(o, tuple)]
        return "-".join([self.op, *shapes, *map(str, self.options.values())])

    def model(self) -> Model:
        """Return the op. An op that computes writes what it reads: a mover alone gets no integers."""
        g = Builder()
        inputs = [self._operand(g, o) for o in self.operands]
        shapes = [o if isinstance(o, tuple) else o[0] for o in self.outputs]
        types = ["float32" if isinstance(o, tuple) else o[1] for o in self.outputs]
        outputs = [g.tensor(s, t) for s, t in zip(shapes, types, strict=True)]
        g.op(self.op, inputs, outputs, version=2 if self.op == "BROADCAST_TO" else 1, **self.options)
        return g.model(outputs=outputs)

    def samples(self, count: int) -> list[tuple[np.ndarray, ...]]:
        shapes = [o for o in self.operands if isinstance(o, tuple)]
        rng = np.random.default_rng(crc32(str(self).encode()))
        return [
            tuple(rng.uniform(self.low, self.high, s).astype(np.float32) for s in shapes)
            for _ in range(count)
        ]

    def _operand(self, g: Builder, operand: Any) -> Any:
        if operand is None:
            return None
        if not isinstance(operand, tuple):
            return g.constant(operand.values)
        x = g.input(operand, "float32")
        return g.op("LEAKY_RELU", [x], [g.tensor(operand, "float32")], alpha=1.0)


def ints(*values: int) -> Const:
    return Const(np.array(values, np.int32))


def floats(*shape: int) -> Const:
    return Const(RNG.uniform(-1, 1, shape).astype(np.float32))


def _convolutions() -> Iterator[OneOpModel]:
    same = {"padding": "SAME", "stride_w": 1, "stride_h": 1}
    for activation in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
        options = {**same, "fused_activation_function": activation}
        yield OneOpModel("CONV_2D", [(1, 6, 5, 4), floats(7, 3, 3, 4), floats(7)], [(1, 6, 5, 7)], options)
    yield OneOpModel("CONV_2D", [(2, 5, 5, 4), floats(6, 3, 3, 2), floats(6)], [(2, 5, 5, 6)], same)
    yield OneOpModel(
        "CONV_2D", [(1, 9, 9, 3), floats(4, 3, 3, 3), floats(4)], [(1, 2, 2, 4)],
        {"padding": "VALID", "stride_w": 2, "stride_h": 2, "dilation_w_factor": 3, "dilation_h_factor": 3},
    )  # fmt: skip
    yield OneOpModel(
        "DEPTHWISE_CONV_2D", [(1, 5, 5, 4), floats(1, 3, 3, 8), floats(8)], [(1, 5, 5, 8)],
        {**same, "depth_multiplier": 2},
    )  # fmt: skip
    yield OneOpModel(
        "DEPTHWISE_CONV_2D", [(1, 7, 7, 4), floats(1, 3, 3, 4), floats(4)], [(1, 7, 7, 4)],
        {**same, "depth_multiplier": 1, "dilation_w_factor": 2, "dilation_h_factor": 2},
    )  # fmt: skip
    for operands in ([floats(5, 3, 3, 4), (1, 4, 4, 4)], [floats(5, 3, 3, 4), (1, 4, 4, 4), floats(5)]):
        yield OneOpModel("TRANSPOSE_CONV", [ints(1, 8, 8, 5), *operands], [(1, 8, 8, 5)],
                         {"padding": "SAME", "stride_w": 2, "stride_h": 2})  # fmt: skip


def _products() -> Iterator[OneOpModel]:
    for bias in (floats(5), None):
        yield OneOpModel("FULLY_CONNECTED", [(3, 16), floats(5, 16), bias], [(3, 5)], {})
    yield OneOpModel("FULLY_CONNECTED", [(2, 3, 64), floats(9, 64), floats(9)], [(2, 3, 9)],
                     {"keep_num_dims": True, "fused_activation_function": "RELU"})  # fmt: skip
    yield OneOpModel("BATCH_MATMUL", [(2, 3, 8), (2, 8, 5)], [(2, 3, 5)], {})
    yield OneOpModel("BATCH_MATMUL", [(2, 3, 8), (2, 5, 8)], [(2, 3, 5)], {"adj_y": True})
    yield OneOpModel("BATCH_MATMUL", [(1, 2, 3, 8), floats(1, 2, 8, 5)], [(1, 2, 3, 5)], {})


def _elementwise() -> Iterator[OneOpModel]:
    for op in ("ADD", "SUB", "MUL"):
        for other in ((1, 3, 4, 5), (5,), floats(1, 3, 4, 5), floats(5), floats()):
            yield OneOpModel(op, [(1, 3, 4, 5), other], [(1, 3, 4, 5)], {})
        yield OneOpModel(op, [(1, 2, 3, 4, 5), (1, 2, 3, 4, 5)], [(1, 2, 3, 4, 5)], {})
        yield OneOpModel(
            op, [(1, 2, 3, 4, 5), (4, 1)], [(1, 2, 3, 4, 5)], {"fused_activation_function": "RELU"}
        )
    for op in ("SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM"):
        yield OneOpModel(op, [(2, 3, 4), (2, 3, 4)], [(2, 3, 4)], {})
        yield OneOpModel(op, [(2, 3, 4), floats(4)], [(2, 3, 4)], {})
        yield OneOpModel(op, [(1, 2, 2, 3, 4), (4,)], [(1, 2, 2, 3, 4)], {})
    for op in (
        "ABS",
        "EXP",
        "GELU",
        "HARD_SWISH",
        "ELU",
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "LOGISTIC",
        "TANH",
    ):
        yield OneOpModel(op, [(2, 3, 4)], [(2, 3, 4)], {}, -4, 4)
    yield OneOpModel("LEAKY_RELU", [(2, 3, 4)], [(2, 3, 4)], {"alpha": 0.25}, -4, 4)
    for op in ("LOG", "SQRT", "RSQRT"):
        yield OneOpModel(op, [(2, 3, 4)], [(2, 3, 4)], {}, 0.2, 4)
    yield OneOpModel("PRELU", [(1, 3, 4, 5), floats(1, 1, 5)], [(1, 3, 4, 5)], {})
    for op in ("SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION"):
        yield OneOpModel(op, [(2, 8)], [(2, 8)], {"beta": 1.0} if op == "SOFTMAX" else {})
        yield OneOpModel(op, [(1, 2, 3, 8)], [(1, 2, 3, 8)], {"beta": 0.5} if op == "SOFTMAX" else {})
    for op in ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"):
        yield OneOpModel(op, [(2, 3, 4), (2, 3, 4)], [[(2, 3, 4), "bool"]], {})
        yield OneOpModel(op, [(2, 3, 4), floats()], [[(2, 3, 4), "bool"]], {})


def _reductions() -> Iterator[OneOpModel]:
    for op in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"):
        low = 0.8 if op == "REDUCE_PROD" else -1.0  # products of many stay near 1
        yield OneOpModel(op, [(1, 4, 5, 6), ints(1, 2)], [(1, 6)], {}, low, 1.2)
        yield OneOpModel(op, [(2, 4, 6), ints(2)], [(2, 4, 1)], {"keep_dims": True})
        yield OneOpModel(op, [(2, 2, 2, 2, 3), ints(4)], [(2, 2, 2, 2)], {})
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        options = {"padding": "SAME", "stride_w": 2, "stride_h": 2, "filter_width": 3, "filter_height": 3}
        yield OneOpModel(op, [(1, 7, 7, 5)], [(1, 4, 4, 5)], options)
        yield OneOpModel(
            op, [(1, 7, 7, 5)], [(1, 4, 4, 5)], {**options, "fused_activation_function": "RELU"}
        )
    for op in ("ARG_MAX", "ARG_MIN"):
        yield OneOpModel(op, [(3, 40), ints(1)], [[(3,), "int64"]], {"output_type": "INT64"})


def _movement() -> Iterator[OneOpModel]:
    yield OneOpModel("BATCH_TO_SPACE_ND", [(4, 2, 2, 3), ints(2, 2), Const(np.zeros((2, 2), np.int32))],
                     [(1, 4, 4, 3)], {})  # fmt: skip
    yield OneOpModel("SPACE_TO_BATCH_ND", [(1, 4, 4, 3), ints(2, 2), Const(np.zeros((2, 2), np.int32))],
                     [(4, 2, 2, 3)], {})  # fmt: skip
    yield OneOpModel("BROADCAST_TO", [(1, 4), ints(3, 4)], [(3, 4)], {})
    yield OneOpModel("CONCATENATION", [(2, 3), (2, 5)], [(2, 8)], {"axis": 1})
    yield OneOpModel("CONCATENATION", [(2, 3), floats(2, 5), (2, 1)], [(2, 9)], {"axis": 1})
    yield OneOpModel("DEPTH_TO_SPACE", [(1, 2, 2, 8)], [(1, 4, 4, 2)], {"block_size": 2})
    yield OneOpModel("SPACE_TO_DEPTH", [(1, 4, 4, 2)], [(1, 2, 2, 8)], {"block_size": 2})
    yield OneOpModel("DYNAMIC_UPDATE_SLICE", [(4, 5), (2, 2), ints(1, 1)], [(4, 5)], {})
    yield OneOpModel("EXPAND_DIMS", [(4, 5), ints(1)], [(4, 1, 5)], {})
    yield OneOpModel("FILL", [ints(3, 2), ()], [(3, 2)], {})
    yield OneOpModel("GATHER", [(4, 5), ints(3, 0, 1)], [(3, 5)], {"axis": 0})
    yield OneOpModel("GATHER_ND", [(4, 5), Const(np.array([[3, 1], [0, 0]], np.int32))], [(2,)], {})
    pads = Const(np.array([[0, 0], [1, 2], [2, 1], [0, 0]], np.int32))
    yield OneOpModel("MIRROR_PAD", [(1, 4, 4, 3), pads], [(1, 7, 7, 3)], {"mode": "REFLECT"})
    yield OneOpModel("PAD", [(1, 4, 4, 3), pads], [(1, 7, 7, 3)], {})
    yield OneOpModel("PADV2", [(1, 4, 4, 3), pads, Const(np.float32(-3))], [(1, 7, 7, 3)], {})
    yield OneOpModel("PACK", [(4, 5), (4, 5)], [(2, 4, 5)], {"values_count": 2, "axis": 0})
    yield OneOpModel("UNPACK", [(2, 5)], [(5,), (5,)], {"num": 2, "axis": 0})
    yield OneOpModel("RESHAPE", [(4, 5), ints(2, 10)], [(2, 10)], {})
    yield OneOpModel(
        "RESIZE_BILINEAR", [(1, 4, 4, 3), ints(7, 9)], [(1, 7, 9, 3)], {"half_pixel_centers": True}
    )
    yield OneOpModel("RESIZE_BILINEAR", [(1, 4, 4, 3), ints(8, 8)], [(1, 8, 8, 3)], {})
    yield OneOpModel("RESIZE_NEAREST_NEIGHBOR", [(1, 4, 4, 3), ints(7, 9)], [(1, 7, 9, 3)], {})
    yield OneOpModel("REVERSE_V2", [(4, 5), ints(1)], [(4, 5)], {})
    yield OneOpModel(
        "SCATTER_ND", [Const(np.array([[2], [0]], np.int32)), (2, 5), ints(4, 5)], [(4, 5)], {}
    )
    condition = Const(np.array([[True, False, True]] * 2))
    yield OneOpModel("SELECT", [condition, (2, 3), (2, 3)], [(2, 3)], {})
    yield OneOpModel("SELECT_V2", [condition, (2, 3), floats()], [(2, 3)], {})
    yield OneOpModel("SLICE", [(4, 5), ints(1, 0), ints(2, 3)], [(2, 3)], {})
    yield OneOpModel("SPLIT", [ints(1), (4, 6)], [(4, 3), (4, 3)], {"num_splits": 2})
    yield OneOpModel("SPLIT_V", [(4, 6), ints(2, 4), ints(1)], [(4, 2), (4, 4)], {"num_splits": 2})
    yield OneOpModel("SQUEEZE", [(4, 1, 5)], [(4, 5)], {"squeeze_dims": [1]})
    yield OneOpModel("STRIDED_SLICE", [(4, 6), ints(0, 1), ints(4, 6), ints(2, 1)], [(2, 5)], {})
    yield OneOpModel("TILE", [(4, 5), ints(2, 1)], [(8, 5)], {})
    yield OneOpModel("TOPK_V2", [(3, 9), Const(np.int32(4))], [(3, 4), [(3, 4), "int32"]], {})
    yield OneOpModel("TRANSPOSE", [(2, 3, 4), ints(2, 0, 1)], [(4, 2, 3)], {})
    yield OneOpModel("TRANSPOSE", [(2, 3, 2, 2, 4), ints(2, 0, 1, 4, 3)], [(2, 2, 3, 4, 2)], {})


MODELS = [*_convolutions(), *_products(), *_elementwise(), *_reductions(), *_movement()]
