"""Convolution2DTransposeBias: TRANSPOSE_CONV with a bias, and a rule for the output's shape (MediaPipe).

x: (batch, height, width, in), filters: (out, height, width, in), bias: (out,).

Source: tflite/delegates/gpu/common/mediapipe/default/custom_parsers.cc;
mediapipe/util/tflite/operations/transpose_conv_bias.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from delegraph import InputError, Op, OpSupport, Shape, Window, needs, shape_text
from delegraph.rules import constant, operand_shape, stateless

from ..families.mediapipe import ints_of, padding_of
from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target
from ..program.weights import Weights, weights_for
from .transpose_conv import few_phases, too_many_phases, transposed


def support(options: Options) -> Iterable[OpSupport]:
    yield OpSupport(
        "Convolution2DTransposeBias",
        (1, 1),
        "float32 float32 float32 -> float32",
        (stateless, fitting_shapes, few_strides, fitting_bias, constant("weights", 1)),
        Kernel(_launches, fuses=True, folds=True),
        rtol=4e-3 if options.precision == "float16" else 1e-5,
        shapes=shapes,
    )


@needs(
    "x (batch, height, width, in), weights (out, height, width, in), SAME or VALID and strides of 1 or more"
)
def fitting_shapes(op: Op) -> str | None:
    return _unfit(op, operand_shape(op, 0), operand_shape(op, 1))


@needs(few_phases.rule)
def few_strides(op: Op) -> str | None:
    _, across, down = ints_of(op, 3)
    return too_many_phases(down, across)


@needs("one value of the bias for each output channel")
def fitting_bias(op: Op) -> str | None:
    bias, filters = operand_shape(op, 2), operand_shape(op, 1)
    return None if bias == filters[:1] else f"{shape_text(bias)} for weights {shape_text(filters)}"


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    x, filters = given[0], given[1]
    if x is None or filters is None:
        return [None]
    if found := _unfit(op, x, filters):
        raise InputError(f"{op} needs {fitting_shapes.rule}, found {found}")
    return [(x[0], *map(_covered, _windows(op, x, filters)), filters[0])]


def _unfit(op: Op, x: tuple[int, ...], filters: tuple[int, ...]) -> str | None:
    padding, *strides = ints_of(op, 3)
    fits = len(x) == len(filters) == 4 and x[3] == filters[3] and min(*x[1:3], *filters[1:3]) > 0
    is_known = padding_of(op, padding) != "UNKNOWN" and min(strides) > 0
    return None if fits and is_known else f"{x}, {filters}, {padding_of(op, padding)} and {strides}"


def _windows(op: Op, x: tuple[int, ...], filters: tuple[int, ...]) -> list[Window]:
    """Lay the filter over the output: window i of an axis is what input i spreads over."""
    padding, across, down = ints_of(op, 3)
    axes = ((x[1], filters[1], down), (x[2], filters[2], across))
    return [_window(n, size, stride, padding_of(op, padding)) for n, size, stride in axes]


def _window(inputs: int, size: int, stride: int, padding: str) -> Window:
    total = max(size - (inputs - 1) % stride - 1, 0) if padding == "SAME" else 0
    return Window(size, stride, 1, inputs, total // 2, total - total // 2)


def _covered(window: Window) -> int:
    """Return the size of the output along the window's axis."""
    return (window.output - 1) * window.stride + window.size - window.before - window.after


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    x, filters = node.input(0), node.input(1)
    weights, post_ops = weights_for(node)
    assert isinstance(weights, Weights)
    rows, columns = _windows(node.op, x.shape, filters.shape)
    return transposed(node, x, filters, weights, post_ops, rows, columns, target)
