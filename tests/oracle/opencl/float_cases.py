"""Models of one op in float32, in shapes that reach each loop of its kernels.

Whole vectors and what is left behind the last, few channels, rows and columns, work that is shared by a
group. ``cases(op)`` yields them: the matrix has every type, in shapes too small for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen
from delegraph import Builder, Model, Tensor, window
from one_op import random_array


@frozen(eq=False)
class Case:
    """A model, ordinary values for its inputs, and what it is called in messages."""

    name: str
    model: Model
    arrays: tuple[np.ndarray, ...]

    @property
    def dtypes(self) -> list[str]:
        return [t.dtype for t in self.model.subgraphs[0].inputs]


def cases(op: str) -> Iterator[Case]:
    for name, make in _CASES.get(op, {}).items():
        g = Builder()
        model = g.model([make(g, op)])
        arrays = (
            random_array(t.dtype, t.shape or (), 7 + i, *_limits(op))
            for i, t in enumerate(model.subgraphs[0].inputs)
        )
        yield Case(f"{op} {name}", model, tuple(arrays))


def _limits(op: str) -> tuple[float, float]:
    """Return limits of ordinary values; zeros strewn among them are what an op of extremes looks for."""
    if op in ("LOG", "SQRT", "RSQRT", "REDUCE_MIN"):
        return 0.1, 9
    return (-9, -0.1) if op in ("REDUCE_MAX", "MAX_POOL_2D") else (-3, 3)


_Make = Callable[[Builder, str], Tensor]
_CASES: dict[str, dict[str, _Make]] = {}


def _add(ops: str, name: str, make: _Make) -> None:
    for op in ops.split():
        _CASES.setdefault(op, {})[name] = make


def _constant(g: Builder, shape: Sequence[int], seed: int = 5) -> Tensor:
    return g.constant(random_array("float32", tuple(shape), seed, -1, 1))


# Elementwise ops.

LONG = (351,)  # 21 vectors of 16 and 15 numbers
SHORT = (7, 3)  # several pixels of few channels are one vector
_ODD = np.float32([np.inf, -np.inf, np.nan, -0.0, 2, 3e38, -1e-40, 0.5, -3])
_UNARY = (
    "ABS NEG SIN COS EXP LOG SQRT RSQRT SQUARE FLOOR CEIL ROUND LOGISTIC TANH RELU RELU_N1_TO_1 RELU6"
    " RELU_0_TO_1 ELU HARD_SWISH GELU SIGN ZEROS_LIKE"
)
_BINARY = "ADD SUB MUL DIV MAXIMUM MINIMUM FLOOR_MOD SQUARED_DIFFERENCE POW"
_ACTIVATED = "ADD SUB MUL DIV"
_COMPARISONS = "EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL"


def _on(
    shapes: Sequence[Sequence[int]], g: Builder, op: str, out: str = "float32", **options: Any
) -> Tensor:
    operands = [g.input(shape, "float32") for shape in shapes]
    return g.op(op, operands, [g.tensor(np.broadcast_shapes(*map(tuple, shapes)), out)], **options)


def _with_constants(first: bool, g: Builder, op: str, out: str = "float32") -> Tensor:
    """Return what an op makes of a computed operand and a constant one for each channel."""
    operands = [g.input((40, len(_ODD)), "float32"), g.constant(_ODD)]
    return g.op(op, operands[::-1] if first else operands, [g.tensor(operands[0].shape, out)])


def _to(out: str, stored: dict[str, Any], g: Builder, op: str) -> Tensor:
    return g.op(op, [g.input(LONG, "float32")], [g.tensor(LONG, out, **stored)], version=1)


def _select(g: Builder, op: str) -> Tensor:
    operands = [g.input(LONG, dtype) for dtype in ("bool", "float32", "float32")]
    return g.op(op, operands, [g.tensor(LONG, "float32")])


for _shape in (LONG, SHORT):
    _add(_UNARY, f"{_shape}", partial(_on, [_shape]))
    _add("LEAKY_RELU", f"{_shape}", partial(_on, [_shape], alpha=0.3))
    _add("FAKE_QUANT", f"{_shape}", partial(_on, [_shape], min=-2.0, max=6.0, num_bits=8))
    _add("GELU", f"{_shape}, approximated", partial(_on, [_shape], approximate=True))
    _add("PRELU", f"{_shape}", partial(_on, [_shape, _shape[-1:]]))
    _add(f"{_BINARY} FLOOR_DIV ATAN2", f"{_shape}", partial(_on, [_shape, _shape]))
    _add("ADD_N", f"{_shape}", partial(_on, [_shape] * 3))
_add("LEAKY_RELU", "a slope above 1", partial(_on, [LONG], alpha=3.0))
_add(f"{_BINARY} FLOOR_DIV", "broadcast", partial(_on, [(5, 1, 35), (4, 1)]))
_add(_COMPARISONS, "broadcast", partial(_on, [(5, 1, 35), (4, 1)], out="bool"))
for _first, _name in ((True, "constants first"), (False, "constants second")):
    _add(_BINARY, _name, partial(_with_constants, _first))
    _add(_COMPARISONS, _name, partial(_with_constants, _first, out="bool"))
_add("PRELU", "constants second", partial(_with_constants, False))
for _activation in ("RELU", "RELU6", "RELU_N1_TO_1"):
    _add(_ACTIVATED, _activation, partial(_on, [LONG, LONG], fused_activation_function=_activation))
for _type in ("int32", "int64", "bool", "int8", "uint8"):
    _add("CAST", f"to {_type}", partial(_to, _type, {}))
for _type in ("int8", "uint8"):
    _add("QUANTIZE", f"to {_type}", partial(_to, _type, {"scale": 0.1, "zero_point": 7}))
_add("SELECT SELECT_V2", f"{LONG}", _select)

# Along rows and axes.


def _rows(shape: Sequence[int], g: Builder, op: str, **options: Any) -> Tensor:
    return g.op(op, [g.input(shape, "float32")], [g.tensor(shape, "float32")], **options)


def _reduction(axes: Sequence[int], g: Builder, op: str) -> Tensor:
    shape = (3, 40, 70)
    kept = [1 if i in axes else n for i, n in enumerate(shape)]
    operands = [g.input(shape, "float32"), g.constant(np.int32(axes))]
    return g.op(op, operands, [g.tensor(kept, "float32")], keep_dims=True)


def _arg(axis: int, g: Builder, op: str) -> Tensor:
    shape = (3, 40, 71)  # of rows whose length is a multiple of 4, LiteRT passes over more than NaN
    kept = [n for i, n in enumerate(shape) if i != axis]
    operands = [g.input(shape, "float32"), g.constant(np.int32(axis))]
    return g.op(op, operands, [g.tensor(kept, "int32")], output_type="INT32")


def _cumsum(axis: int, g: Builder, op: str, **options: Any) -> Tensor:
    operands = [g.input((5, 12, 7), "float32"), g.constant(np.int32(axis))]
    return g.op(op, operands, [g.tensor(operands[0].shape, "float32")], **options)


for _depth in (3, 9, 37, 70):
    _add("SOFTMAX", f"rows of {_depth}", partial(_rows, (19, _depth), beta=1.0))
    _add("LOG_SOFTMAX L2_NORMALIZATION", f"rows of {_depth}", partial(_rows, (19, _depth)))
_LOCAL = {"radius": 3, "bias": 1.0, "alpha": 0.5, "beta": 0.7}
_add("LOCAL_RESPONSE_NORMALIZATION", "13 channels", partial(_rows, (3, 1, 5, 13), **_LOCAL))
for _axes in ((0,), (1,), (2,), (0, 2), (0, 1, 2)):
    _add("SUM MEAN REDUCE_PROD REDUCE_MAX REDUCE_MIN", f"axes {_axes}", partial(_reduction, _axes))
for _axis in range(3):
    _add("ARG_MAX ARG_MIN", f"axis {_axis}", partial(_arg, _axis))
    for _options in ({}, {"exclusive": True}, {"exclusive": True, "reverse": True}):
        _add("CUMSUM", f"axis {_axis} {_options}", partial(_cumsum, _axis, **_options))

# Windows and weights.


def _pool(channels: int, size: int, g: Builder, op: str, **options: Any) -> Tensor:
    steps = {"padding": "SAME", "stride_h": 2, "stride_w": 2, "filter_height": size, "filter_width": size}
    x, y = g.input((2, 9, 11, channels), "float32"), g.tensor((2, 5, 6, channels), "float32")
    return g.op(op, [x], [y], **steps, **options)


def _resized(channels: int, g: Builder, op: str, **options: Any) -> Tensor:
    operands = [g.input((2, 5, 4, channels), "float32"), g.constant(np.int32([9, 7]))]
    return g.op(op, operands, [g.tensor((2, 9, 7, channels), "float32")], **options)


def _convolution(
    depth: int, out: int, size: int, stride: int, groups: int, g: Builder, op: str, **options: Any
) -> Tensor:
    places = [window(n, size, stride, 1, "SAME").output for n in (9, 11)]
    weights, bias = _constant(g, (out * groups, size, size, depth)), _constant(g, (out * groups,), 6)
    operands = [g.input((2, 9, 11, depth * groups), "float32"), weights, bias]
    y = g.tensor((2, *places, out * groups), "float32")
    return g.op(op, operands, [y], padding="SAME", stride_h=stride, stride_w=stride, **options)


def _depthwise(channels: int, times: int, size: int, stride: int, g: Builder, op: str) -> Tensor:
    places, out = [window(n, size, stride, 1, "SAME").output for n in (9, 11)], channels * times
    x = g.input((2, 9, 11, channels), "float32")
    operands = [x, _constant(g, (1, size, size, out)), _constant(g, (out,), 6)]
    steps = {"padding": "SAME", "stride_h": stride, "stride_w": stride, "depth_multiplier": times}
    return g.op(op, operands, [g.tensor((2, *places, out), "float32")], **steps)


def _transposed(depth: int, out: int, size: int, stride: int, g: Builder, op: str) -> Tensor:
    shape = (2, 5 * stride, 4 * stride, out)
    weights, bias = _constant(g, (out, size, size, depth)), _constant(g, (out,), 6)
    operands = [g.constant(np.int32(shape)), weights, g.input((2, 5, 4, depth), "float32"), bias]
    y = g.tensor(shape, "float32")
    return g.op(op, operands, [y], padding="SAME", stride_h=stride, stride_w=stride)


def _product(rows: int, depth: int, out: int, g: Builder, op: str) -> Tensor:
    operands = [g.input((rows, depth), "float32"), _constant(g, (out, depth)), _constant(g, (out,), 6)]
    return g.op(op, operands, [g.tensor((rows, out), "float32")])


def _matrices(rows: int, depth: int, out: int, g: Builder, op: str, **options: Any) -> Tensor:
    x = (depth, rows) if options.get("adj_x") else (rows, depth)
    y = (out, depth) if options.get("adj_y") else (depth, out)
    operands = [g.input((3, *x), "float32"), g.input((3, *y), "float32")]
    return g.op(op, operands, [g.tensor((3, rows, out), "float32")], **options)


def _padded(g: Builder, op: str) -> Tensor:
    operands = [g.input((5, 40), "float32"), g.constant(np.int32([[1, 0], [2, 3]]))]
    operands += [g.constant(np.float32(-np.inf))] if op == "PADV2" else []
    return g.op(op, operands, [g.tensor((6, 45), "float32")])


for _channels, _size in ((3, 2), (20, 3), (1, 7), (9, 6)):
    _add("AVERAGE_POOL_2D MAX_POOL_2D", f"{_channels} channels, {_size}", partial(_pool, _channels, _size))
_add("AVERAGE_POOL_2D MAX_POOL_2D", "RELU", partial(_pool, 5, 3, fused_activation_function="RELU"))
for _channels in (1, 3, 20):
    for _options in ({}, {"align_corners": True}, {"half_pixel_centers": True}):
        _name = f"{_channels} channels {_options}"
        _add("RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR", _name, partial(_resized, _channels, **_options))
for _sizes in (
    (20, 37, 3, 1, 1), (24, 37, 3, 1, 1), (3, 24, 3, 2, 1), (36, 70, 1, 1, 1),
    (8, 5, 1, 2, 1), (8, 1, 3, 1, 1), (4, 6, 3, 1, 3), (1, 1, 5, 1, 1),
):  # fmt: skip
    _add("CONV_2D", f"{_sizes}", partial(_convolution, *_sizes))
for _depth in (20, 24):
    _named = f"{_depth} channels, RELU6"
    _add("CONV_2D", _named, partial(_convolution, _depth, 37, 3, 1, 1, fused_activation_function="RELU6"))
for _sizes in ((20, 1, 3, 1), (8, 1, 3, 2), (5, 1, 5, 2), (3, 3, 3, 1), (32, 1, 3, 1)):
    _add("DEPTHWISE_CONV_2D", f"{_sizes}", partial(_depthwise, *_sizes))
for _sizes in ((20, 37, 3, 2), (3, 5, 4, 2), (8, 16, 2, 2), (4, 1, 5, 1)):
    _add("TRANSPOSE_CONV", f"{_sizes}", partial(_transposed, *_sizes))
for _sizes in ((1, 130, 37), (8, 33, 100), (40, 64, 48), (3, 7, 1)):
    _add("FULLY_CONNECTED", f"{_sizes}", partial(_product, *_sizes))
    for _options in ({}, {"adj_x": True}, {"adj_y": True}):
        _add("BATCH_MATMUL", f"{_sizes} {_options}", partial(_matrices, *_sizes, **_options))
_add("PAD PADV2", "an edge around rows", _padded)
