"""How channels go through each op: which positions of its inputs are which of its outputs.

What is not in the table, or asks for more than its rule knows, keeps all its channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...writer import LEFT_OUT, EditedOp, GraphEdit, ModelEdit
from .positions import Lost, Positions

Follow = Callable[[EditedOp, Positions], None]
# What an op multiplies by: its place among the inputs, its axes of units and of inputs.
WEIGHTS = {
    "BATCH_MATMUL": (1, 1, 0),
    "CONV_2D": (1, 0, 3),
    "DEPTHWISE_CONV_2D": (1, 3, None),
    "FULLY_CONNECTED": (1, 0, 1),
    "TRANSPOSE_CONV": (1, 0, 3),
}
_PLACES = "it is a place, not a channel"


def followed(edit: ModelEdit, graph: GraphEdit) -> Positions:
    """Return the positions of a graph: what goes together is joined, what stays is fixed."""
    positions = Positions(graph)
    for node in graph.nodes:
        tensors = [*node.reads, *node.outputs, *node.intermediates]
        rule = _FOLLOWED.get(node.name)
        if rule is None or any(graph.tensors[i].is_variable for i in tensors):
            positions.fix_all(tensors, f"{node.name} is not followed")
            continue
        try:
            rule(node, positions)
        except Lost as e:
            positions.fix_all(tensors, f"{node.name}: {e}")
    positions.fix_all(sorted(edit.kept(graph)), "callers of the model see them")
    return positions


def is_plain(node: EditedOp, positions: Positions) -> bool:
    """Say whether an op's weights are a constant of floats, stored as usual."""
    tensor = positions.graph.tensors[node.inputs[WEIGHTS[node.name][0]]]
    usual = node.options.get("weights_format", "DEFAULT") == "DEFAULT"
    return tensor.is_constant and tensor.dtype == "float32" and tensor.sparsity is None and usual


def _constant(node: EditedOp, place: int, positions: Positions) -> list[int]:
    """Return whole numbers that an op is told."""
    data = positions.graph.data(node.inputs[place]) if place < len(node.inputs) else None
    if data is None or data.dtype.kind not in "iu":
        raise Lost("what it is told is computed")
    return [int(n) for n in data.reshape(-1)]


def _rest(rank: int, *axes: int) -> list[int]:
    return [a for a in range(rank) if a not in {axis % rank for axis in axes}]


def _alike(node: EditedOp, positions: Positions) -> None:
    """Every output has the shape of the first input, and each value comes from the one at its place."""
    (x, *_), (y,) = node.inputs, node.outputs
    positions.join_axes(x, y, [(a, a) for a in range(len(positions.shape(x)))])


def _broadcast(node: EditedOp, positions: Positions) -> None:
    (y,) = node.outputs
    shape = positions.shape(y)
    for x in node.reads:
        own = positions.shape(x)
        for axis in range(1, len(own) + 1):
            if own[-axis] != 1 or shape[-axis] == 1:
                positions.join(positions.of(x, -axis), positions.of(y, -axis))


def _last_alone(node: EditedOp, positions: Positions) -> None:
    """The values of the last axis are counted together."""
    (x, *_), (y,) = node.inputs, node.outputs
    rank = len(positions.shape(x))
    positions.join_axes(x, y, [(a, a) for a in range(rank)])
    positions.fix_axes(x, [rank - 1], f"{node.name} counts them together")


def _by_place(node: EditedOp, positions: Positions) -> None:
    """Batches and channels are kept; the places between are not."""
    x, (y,) = node.inputs[0], node.outputs
    rank = len(positions.shape(x))
    positions.join_axes(x, y, [(0, 0), (rank - 1, rank - 1)])
    for tensor in (x, y):
        positions.fix_axes(tensor, range(1, rank - 1), _PLACES)


def _to_blocks(node: EditedOp, positions: Positions) -> None:
    x, (y,) = node.inputs[0], node.outputs
    positions.join_axes(x, y, [(-1, -1)])
    for tensor in (x, y):
        positions.fix_axes(tensor, range(len(positions.shape(tensor)) - 1), _PLACES)


def _convolution(node: EditedOp, positions: Positions, x: int, bias: int) -> None:
    w, (y,) = node.inputs[1], node.outputs
    if not is_plain(node, positions):
        raise Lost("its weights are no constant of floats")
    if len(positions.shape(x)) != 4 or positions.shape(w)[3] != positions.shape(x)[3]:
        raise Lost("its channels are in groups")
    positions.join_axes(w, y, [(0, 3)])
    positions.join_axes(w, x, [(3, 3)])
    positions.join_axes(x, y, [(0, 0)])
    _with_bias(bias, y, positions)
    for tensor in (x, w, y):
        positions.fix_axes(tensor, (1, 2), _PLACES)


def _with_bias(bias: int, y: int, positions: Positions) -> None:
    if bias != LEFT_OUT:
        positions.join_axes(bias, y, [(0, -1)])


def _operand(node: EditedOp, place: int) -> int:
    return node.inputs[place] if place < len(node.inputs) else LEFT_OUT


def _conv_2d(node: EditedOp, positions: Positions) -> None:
    _convolution(node, positions, node.inputs[0], _operand(node, 2))


def _transpose_conv(node: EditedOp, positions: Positions) -> None:
    _constant(node, 0, positions)
    _convolution(node, positions, node.inputs[2], _operand(node, 3))


def _depthwise(node: EditedOp, positions: Positions) -> None:
    x, w, (y,) = node.inputs[0], node.inputs[1], node.outputs
    if not is_plain(node, positions):
        raise Lost("its weights are no constant of floats")
    channels, made = positions.shape(x)[3], positions.shape(y)[3]
    if made % channels:
        raise Lost("shapes do not fit")
    positions.join(np.repeat(positions.of(x, 3), made // channels), positions.of(y, 3))
    positions.join_axes(w, y, [(3, 3)])
    positions.join_axes(x, y, [(0, 0)])
    _with_bias(_operand(node, 2), y, positions)
    for tensor in (x, w, y):
        positions.fix_axes(tensor, (1, 2), _PLACES)


def _fully_connected(node: EditedOp, positions: Positions) -> None:
    x, w, (y,) = node.inputs[0], node.inputs[1], node.outputs
    if not is_plain(node, positions):
        raise Lost("its weights are no constant of floats")
    positions.join_axes(w, y, [(0, -1)])
    _with_bias(_operand(node, 2), y, positions)
    shape, made, depth = positions.shape(x), positions.shape(y), positions.shape(w)[1]
    first = len(shape)
    while first and int(np.prod(shape[first:])) < depth:
        first -= 1
    if int(np.prod(shape[first:])) != depth:
        raise Lost("it reads parts of several rows")
    _flatten(x, range(first, len(shape)), positions.of(w, 1), positions)
    if made[:-1] == shape[:first]:
        positions.join_axes(x, y, [(a, a) for a in range(first)])
    else:
        positions.fix_axes(x, range(first), _PLACES)
        positions.fix_axes(y, range(len(made) - 1), _PLACES)


def _matmul(node: EditedOp, positions: Positions) -> None:
    (x, w), (y,) = node.inputs, node.outputs
    options = node.options
    if not is_plain(node, positions) or len(positions.shape(w)) != 2 or options.adj_x or options.adj_y:
        raise Lost("it is no product with a constant matrix")
    positions.join_axes(w, y, [(1, -1)])
    positions.join_axes(w, x, [(0, -1)])
    positions.join_axes(x, y, [(a, a) for a in range(len(positions.shape(x)) - 1)])


def _flatten(tensor: int, axes: Sequence[int], flat: np.ndarray, positions: Positions) -> None:
    """Join what becomes one axis with the channels in it: the last axis that has several."""
    sizes = [positions.shape(tensor)[a] for a in axes]
    if not sizes:
        return
    several = [i for i, n in enumerate(sizes) if n > 1]
    carrier = several[-1] if several else len(sizes) - 1
    at = np.unravel_index(np.arange(int(np.prod(sizes))), sizes)[carrier]
    positions.join(flat, positions.of(tensor, axes[carrier])[at])
    positions.fix_axes(tensor, [a for i, a in enumerate(axes) if i != carrier], _PLACES)


def _reshape(node: EditedOp, positions: Positions) -> None:
    x, (y,) = node.inputs[0], node.outputs
    for tensor in (x, y):
        if -1 in (positions.graph.tensors[tensor].shape_signature or ())[1:]:
            raise Lost("a shape is not known before the model runs")
    before, after = positions.shape(x), positions.shape(y)
    for ones, others in _segments(before, after):
        several = [[a for a in axes if shape[a] > 1] for axes, shape in ((ones, before), (others, after))]
        if len(several[1]) <= 1:
            _one_axis(x, ones, y, several[1], positions)
        elif len(several[0]) <= 1:
            _one_axis(y, others, x, several[0], positions)
        else:
            raise Lost("several axes become several others")


def _one_axis(
    many: int, axes: Sequence[int], one: int, carrier: Sequence[int], positions: Positions
) -> None:
    """Join several axes of one tensor with the only one of another that has several positions."""
    if carrier:
        _flatten(many, axes, positions.of(one, carrier[0]), positions)


def _segments(before: Sequence[int], after: Sequence[int]) -> list[tuple[range, range]]:
    """Return the axes of both shapes that become each other, the fewest at a time."""
    found, i, j = [], 0, 0
    while i < len(before) or j < len(after):
        first, second = i, j
        i, one = (i + 1, before[i]) if i < len(before) else (i, 1)
        j, other = (j + 1, after[j]) if j < len(after) else (j, 1)
        while one != other:
            if one < other and i < len(before):
                i, one = i + 1, one * before[i]
            elif other < one and j < len(after):
                j, other = j + 1, other * after[j]
            else:
                raise Lost("shapes do not fit")
        found.append((range(first, i), range(second, j)))
    return found


def _reduce(node: EditedOp, positions: Positions) -> None:
    x, (y,) = node.inputs[0], node.outputs
    rank = len(positions.shape(x))
    gone = {a % rank for a in _constant(node, 1, positions)} if rank else set()
    left = _rest(rank, *gone) if rank else []
    places = left if node.options.keep_dims else range(len(left))
    positions.join_axes(x, y, zip(left, places, strict=True))
    positions.fix_axes(x, sorted(gone), f"{node.name} counts them together")


def _concatenation(node: EditedOp, positions: Positions) -> None:
    (y,) = node.outputs
    rank = len(positions.shape(y))
    axis = node.options.axis % rank
    made, start = positions.of(y, axis), 0
    for x in node.inputs:
        own = positions.of(x, axis)
        positions.join(own, made[start : start + len(own)])
        positions.join_axes(x, y, [(a, a) for a in _rest(rank, axis)])
        start += len(own)


def _split(node: EditedOp, positions: Positions) -> None:
    """The parts stay equally long: what goes of one goes of all."""
    x = node.inputs[1]
    (axis,), rank = _constant(node, 0, positions), len(positions.shape(x))
    _parts(node, x, axis % rank, positions)
    for y in node.outputs[1:]:
        positions.join_axes(y, node.outputs[0], [(axis % rank, axis % rank)])


def _split_v(node: EditedOp, positions: Positions) -> None:
    x = node.inputs[0]
    _constant(node, 1, positions)
    (axis,), rank = _constant(node, 2, positions), len(positions.shape(x))
    _parts(node, x, axis % rank, positions)


def _parts(node: EditedOp, x: int, axis: int, positions: Positions) -> None:
    whole, start = positions.of(x, axis), 0
    for y in node.outputs:
        own = positions.of(y, axis)
        positions.join(own, whole[start : start + len(own)])
        positions.join_axes(x, y, [(a, a) for a in _rest(len(positions.shape(x)), axis)])
        start += len(own)


def _pad(node: EditedOp, positions: Positions) -> None:
    x, (y,) = node.inputs[0], node.outputs
    pads = np.reshape(_constant(node, 1, positions), (-1, 2))
    for axis, (before, after) in enumerate(pads):
        own, made = positions.of(x, axis), positions.of(y, axis)
        if min(before, after) < 0 or (node.name == "MIRROR_PAD" and (before or after)):
            positions.fix(own, "MIRROR_PAD repeats them")
            positions.fix(made, "MIRROR_PAD repeats them")
        else:
            positions.join(own, made[before : before + len(own)])


def _transpose(node: EditedOp, positions: Positions) -> None:
    x, (y,) = node.inputs[0], node.outputs
    positions.join_axes(x, y, ((a, b) for b, a in enumerate(_constant(node, 1, positions))))


def _slice(node: EditedOp, positions: Positions) -> None:
    begins, sizes = _constant(node, 1, positions), _constant(node, 2, positions)
    shape = positions.shape(node.inputs[0])
    whole = [b == 0 and n in (-1, size) for b, n, size in zip(begins, sizes, shape, strict=True)]
    _whole_axes(node, whole, positions)


def _strided_slice(node: EditedOp, positions: Positions) -> None:
    o = node.options
    if o.ellipsis_mask or o.new_axis_mask or o.shrink_axis_mask:
        raise Lost("axes come or go")
    begins, ends, strides = (_constant(node, place, positions) for place in (1, 2, 3))
    shape = positions.shape(node.inputs[0])
    begun = [b == 0 or bool(o.begin_mask >> a & 1) for a, b in enumerate(begins)]
    ended = [e >= n or bool(o.end_mask >> a & 1) for a, (e, n) in enumerate(zip(ends, shape, strict=True))]
    rows = zip(begun, ended, strides, strict=True)
    _whole_axes(node, [begin and end and stride == 1 for begin, end, stride in rows], positions)


def _whole_axes(node: EditedOp, whole: Sequence[bool], positions: Positions) -> None:
    x, (y,) = node.inputs[0], node.outputs
    for axis, all_of_it in enumerate(whole):
        if all_of_it:
            positions.join_axes(x, y, [(axis, axis)])
        else:
            positions.fix_axes(x, [axis], f"{node.name} takes some of them")
            positions.fix_axes(y, [axis], f"{node.name} takes some of them")


_ALIKE = (
    "ABS CAST CEIL COS DEQUANTIZE ELU EXP FLOOR GELU HARD_SWISH LEAKY_RELU LOG LOGISTIC NEG RELU RELU6 "
    "RELU_0_TO_1 RELU_N1_TO_1 ROUND RSQRT SIGN SIN SQRT SQUARE TANH"
)
_BROADCAST = "ADD DIV FLOOR_DIV MAXIMUM MINIMUM MUL POW PRELU SQUARED_DIFFERENCE SUB"
_FOLLOWED: dict[str, Follow] = {
    **dict.fromkeys(_ALIKE.split(), _alike),
    **dict.fromkeys(_BROADCAST.split(), _broadcast),
    **dict.fromkeys(("L2_NORMALIZATION", "LOG_SOFTMAX", "SOFTMAX"), _last_alone),
    **dict.fromkeys(("AVERAGE_POOL_2D", "L2_POOL_2D", "MAX_POOL_2D"), _by_place),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _by_place),
    **dict.fromkeys(("BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND"), _to_blocks),
    **dict.fromkeys(("EXPAND_DIMS", "RESHAPE", "SQUEEZE"), _reshape),
    **dict.fromkeys(("MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM"), _reduce),
    **dict.fromkeys(("MIRROR_PAD", "PAD", "PADV2"), _pad),
    "BATCH_MATMUL": _matmul,
    "CONCATENATION": _concatenation,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "SLICE": _slice,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "STRIDED_SLICE": _strided_slice,
    "TRANSPOSE": _transpose,
    "TRANSPOSE_CONV": _transpose_conv,
}
