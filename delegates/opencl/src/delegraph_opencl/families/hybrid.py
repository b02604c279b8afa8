"""Float activations times integer weights as LiteRT multiplies them: each row is rounded to 8 bits first.

A row is an image, or a line of a matrix. Its range is found while the model runs. Sums of what it is
rounded to are exact, and scaled at the end.

Source: tflite/kernels/internal/optimized/neon_tensor_utils.cc (NeonSymmetricQuantizeFloats,
NeonAsymmetricQuantizeFloats), which x86-64 runs, too; EvalHybrid of the ops in tflite/kernels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from delegraph import Tensor, evolve, frozen, fused_activation
from delegraph.rules import blocks_of, scales_of_blocks

from ..program.launch import Arg, Launch, blocks, int32s, rounded_up
from ..program.node import Node, PerRow, PostOp, Scratch, Value
from ..program.sources import cl_source
from ..program.target import Target
from ..program.weights import Weights, after_sums, signed_bytes, weights_for
from .movement import table

_PART = 4096  # numbers of a row that a work-item of a CPU, or a work-group, goes through at least
_PARTS = 64  # of a row, at most
_TASKS = 8  # per core
_GROUP = 128  # work-items that share a part on a GPU
_LOWEST = {"RELU": "0.0f", "RELU6": "0.0f", "RELU_N1_TO_1": "-1.0f"}  # of an activation


@frozen(hash=False)
class Operands:
    """What a node with weights multiplies, and what becomes of the sums."""

    x: Value
    weights: Weights | Value
    post_ops: list[PostOp]  # from sums to real numbers
    launches: tuple[Launch, ...] = ()  # that compute ``x``


def operands(
    node: Node,
    target: Target,
    rows: int,
    asymmetric: bool,
    *,
    scales_apart: bool = False,
    from_zero: bool = False,
    as_vector: bool = False,
    as_bytes: bool = False,
    x: int = 0,
    weights: int = 1,
    bias: int = 2,
    axis: int = 0,
) -> Operands:
    """Return what a node multiplies: its input as it is, or rounded where only the weights are integers.

    :param rows: of the input, with a range each.
    :param asymmetric: whether 0 may lie anywhere in the range of a row.
    :param scales_apart: LiteRT scales sums twice: by the weights' scales, then by the row's.
    :param from_zero: without a bias, LiteRT adds what is scaled to 0.0: it does not end in -0.0.
    :param as_vector: LiteRT begins with the bias, leaves it as it is where all of the input is 0, -0.0
        among it, and ends with an activation of vectors: NaN becomes its lowest value.
    :param as_bytes: whether the node takes rounded rows that lie in memory as bytes; ranges with 0 anywhere
        in them need more.
    :param x, weights, bias: numbers of the inputs.
    :param axis: of the weights, along which the output channels lie.
    """
    source, stored = node.input(x), node.input(weights)
    if not is_hybrid(source, stored) or not node.result.size:
        return Operands(source, *weights_for(node, x, weights, bias, axis))
    tensor = stored.tensor
    starts = np.arange(rows) * (source.size // rows)
    in_blocks = blocks_of(tensor) is not None
    added = node.inputs[bias] if len(node.inputs) > bias else None
    minus = as_vector and not in_blocks and _ends_in_minus_zero(node, added)
    asymmetric = asymmetric or in_blocks
    narrow = as_bytes and target.stores_bytes and not asymmetric
    found = rounded(source, source.shape, starts, 1, asymmetric, target, minus, narrow)
    worth = found.per(node.result.size // rows)
    if in_blocks:
        real = Weights(f"weights {tensor.index}, each block by its scale", lambda: real_of_blocks(tensor))
        return Operands(
            found.value, real, [PostOp("v * {0}", (worth,)), *after_sums(node, added)], found.launches
        )
    scales = scales_of(tensor, stored.shape[axis])
    text = "v * {0} * {1}" if scales_apart else "v * ({0} * {1})"
    scaled = PostOp(f"{text} + 0.0f" if from_zero and added is None else text, (scales, worth))
    integers = Weights(f"weights {tensor.index}, signed", lambda: signed(tensor))
    post_ops = [scaled, *after_sums(node, added), *(_lowest_for_nan(node) if as_vector else ())]
    return Operands(found.value, integers, post_ops, found.launches)


def _lowest_for_nan(node: Node) -> list[PostOp]:
    low = _LOWEST.get(_own_activation(node))
    return [] if low is None else [PostOp(f"fmax(v, (F){low})")]


def _own_activation(node: Node) -> str:
    """Return the activation of the node's own op, which is not that of an op merged into it."""
    return fused_activation(node.op) if node.factor is None and node.shift is None else "NONE"


def _ends_in_minus_zero(node: Node, bias: Value | None) -> bool:
    """Say whether a bias of -0.0 is seen at the end; RELU and RELU6 are max(0, v) here, which is 0.0."""
    if bias is None or _LOWEST.get(_own_activation(node)) == "0.0f":
        return False
    values = bias.data()
    return bool(np.any(np.signbit(values) & (values == 0)))


def is_hybrid(x: Value, weights: Value) -> bool:
    """Say whether floats are multiplied with integers."""
    stored = weights.tensor
    is_integer = stored.dtype in ("int8", "uint8", "int4", "int2")
    quantization = stored.quantization
    has_scales = quantization is not None and (len(quantization.scale) > 0 or blocks_of(stored) is not None)
    return x.levels is None and weights.is_constant and is_integer and has_scales


def signed(weights: Tensor) -> np.ndarray:
    """Return weights as LiteRT's hybrid kernels read them, float32."""
    return signed_bytes(weights).astype(np.float32)


def real_of_blocks(weights: Tensor) -> np.ndarray:
    """Return weights in blocks times their scales: exact, at most 8 bits times 11."""
    scales = scales_of_blocks(weights)
    integers = signed(weights)
    blocks = integers.reshape(*scales.shape, -1) * scales[..., None]
    return np.asarray(blocks.reshape(integers.shape))


def scales_of(weights: Tensor, channels: int) -> np.ndarray:
    """Return weights' scales, one for each channel."""
    assert weights.quantization is not None
    return np.broadcast_to(weights.quantization.scale.astype(np.float32), (channels,))


def has_many_scales(weights: Tensor) -> bool:
    """Say whether the channels of weights have several scales."""
    return weights.quantization is not None and len(set(weights.quantization.scale.tolist())) > 1


# Rounding.


@frozen(hash=False)
class Rounded:
    """Rows rounded to 8 bits while the model runs."""

    value: Value  # whole numbers: those of 8 bits, less the row's zero point
    worth: Scratch  # float32, for each row: real number = worth * value
    rows: int
    launches: tuple[Launch, ...]

    def per(self, size: int) -> PerRow:
        """Return what a row is worth as an operand of a post-op on so many results for each row."""
        return PerRow(self.worth, size, self.rows)


def rounded(
    x: Value,
    shape: tuple[int, ...],
    starts: np.ndarray,
    stride: int,
    asymmetric: bool,
    target: Target,
    minus_zeros: bool = False,
    narrow: bool = False,
) -> Rounded:
    """Return rows of ``x``, rounded.

    :param shape: of the result, whose rows lie one after the other.
    :param starts: from which element of ``x`` each row begins.
    :param stride: from one element of a row to the next.
    :param minus_zeros: where all of ``x`` is 0, sums times what a row is worth are -0.0.
    :param narrow: as bytes; only symmetric ones fit.
    """
    low = -255 if asymmetric else -127  # less a zero point from -128 to 127
    value = evolve(x, shape=shape, levels=(low, -low), base=None, offset=0, narrow=narrow)
    worth = Scratch(4 * len(starts))
    defines = (("ASYMMETRIC", int(asymmetric)), ("MINUS_ZEROS", int(minus_zeros)))
    launches = tuple(_launches(x, value, worth, starts, stride, target, defines))
    return Rounded(value, worth, len(starts), launches)


def _launches(
    x: Value,
    y: Value,
    worth: Scratch,
    starts: np.ndarray,
    stride: int,
    target: Target,
    how: tuple[tuple[str, int], ...],
) -> Iterator[Launch]:
    """Yield the launches: the ranges of all parts, unless a row is one part; then what is rounded."""
    rows, depth = len(starts), y.size // len(starts)
    each = rounded_up(max(blocks(depth, _PARTS), min(depth, _PART), 1), 16)
    parts = max(blocks(depth, each), 1)
    per_item, sizes = _shared_out(rows * parts, each, target)
    ranges, places = Scratch(8 * rows * parts), table(starts)
    numbers = int32s(rows * parts, per_item, parts, each, depth, stride)
    defines = (
        *how,
        ("STORED", y.c_type),
        ("LOWEST", f"({y.low}.0f)"),
        ("SIDE_BY_SIDE", int(stride == 1)),
        ("PARTS", min(parts, 2)),
        ("GROUP", _GROUP),
        *wide_numbers(target),
    )
    room = "gpu" if target.variant == "gpu" else "families"
    source = cl_source("families/rounding.cl", f"{room}/hybrid.cl")
    kernels: list[tuple[str, tuple[Arg, ...], tuple[Value | Scratch, ...]]] = [
        ("find_ranges", (x, places, ranges), (ranges,)),
        ("round_rows", (x, places, ranges, y, worth), (y, worth)),
    ]
    for name, args, written in kernels if parts > 1 else kernels[1:]:
        yield Launch(source, name, (*args, *numbers), *sizes, defines, written, 2 * y.size)


def _shared_out(
    tasks: int, each: int, target: Target
) -> tuple[int, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return how many parts a work-item takes, and the global and local size."""
    if target.variant == "gpu":
        return 1, ((tasks * _GROUP,), (_GROUP,))
    per_item = max(blocks(tasks, _TASKS * target.units), _PART // each, 1)
    return per_item, ((blocks(tasks, per_item),), (1,))


def wide_numbers(target: Target) -> tuple[tuple[str, str], ...]:
    """Return the define of what LiteRT computes with double precision: so far as the device can."""
    return (("WIDE", "double" if target.device.has_fp64 else "float"),)
