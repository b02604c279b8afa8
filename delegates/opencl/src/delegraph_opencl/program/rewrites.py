"""Rewrites: what makes accepted ops faster without changing their numbers, as rows of (pattern, rewrite).

A pattern is two ops, the second reading what the first computes, once, and nobody else does. A rewritten
node keeps the schema name of its anchor; the other op becomes part of its epilogue, its padding, its
weights or its place. Rewrites are applied until none fits. Ops that move nothing (RESHAPE, identity SLICE)
have become views before (see :mod:`delegraph_opencl.program.lowering`).

One invariant holds after each: whatever a node, its epilogue or an output reads, somebody wrote before
(:func:`delegraph_opencl.program.uses.unwritten`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from delegraph import Op, evolve, frozen, fused_activation

from .epilogue import fused_into
from .lowering import ALIGNED, Lowered, same_levels
from .node import Node, Place, Value
from .repeated_pixel import multiply_once
from .uses import Uses

_MOST = 2.0**40  # of a constant that is folded; a negative factor would turn the sign of a sum of 0


@frozen(hash=False)
class Rewrite:
    """One row: which pairs it is for, and what it does to them."""

    name: str
    pattern: str  # for people: "an op that fuses → an elementwise op"
    # apply(uses, first, second): change nodes and return those that changed and stay, in their order; or
    # leave all as it is and return nothing.
    apply: Callable[[Uses, Node, Node], Sequence[Node]]


def rewrite(lowered: Lowered, after_each: Callable[[Rewrite], None] | None = None) -> None:
    """Apply every rewrite wherever it fits, the rows in their order.

    The time is linear in the nodes: a rewrite makes another one possible only for the nodes it changed and
    for those that read what these compute.

    :param after_each: called after each rewrite that took place, for tests.
    """
    uses = Uses(lowered)
    for row in REWRITES:
        waiting = deque(lowered.nodes)
        queued = set(map(id, waiting))
        while waiting:
            second = waiting.popleft()
            queued.discard(id(second))
            changed = _applied(uses, row, second) if uses.has(second) else ()
            again = [n for n in (*changed, *uses.readers(changed)) if id(n) not in queued]
            waiting.extend(again)
            queued.update(map(id, again))
            if changed and after_each is not None:
                lowered.nodes = uses.nodes()
                after_each(row)
        lowered.nodes = uses.nodes()


def _applied(uses: Uses, row: Rewrite, second: Node) -> Sequence[Node]:
    """Apply a row to a node and one of those whose results it reads; return the nodes that changed."""
    for first in uses.producers(second):
        if len(first.outputs) == 1 and first.place is None and uses.only_reader(first.outputs[0]) is second:
            changed = row.apply(uses, first, second)
            if changed:
                uses.update(changed)
                return changed
    return ()


def merge_padding(uses: Uses, first: Node, second: Node) -> Sequence[Node]:
    """Let a convolution read zeros where a PAD would have written them."""
    pads = _zero_pads(first)
    if pads is None or not second.kernel.pads or second.inputs[0] is not first.outputs[0]:
        return ()
    source = first.inputs[0]
    assert source is not None
    if (
        len(pads) != 4
        or pads[0] != (0, 0)
        or pads[3] != (0, 0)
        or not same_levels(source, first.outputs[0])
    ):
        return ()
    if second.pads is not None or source.scale != first.outputs[0].scale:
        return ()
    second.inputs[0], second.pads = source, pads
    second.merged.append(first.op)
    uses.remove(first)
    return (second,)


def read_transposed(uses: Uses, first: Node, second: Node) -> Sequence[Node]:
    """Let an op read what a TRANSPOSE moves where it is."""
    order, source = _order(first), first.inputs[0]
    if order is None or source is None or source.is_constant or not second.kernel.orders:
        return ()
    number = next((i for i, v in enumerate(second.inputs) if v is first.outputs[0]), None)
    if number is None or number in second.orders:
        return ()
    second.inputs[number], second.orders[number] = source, order
    second.merged.append(first.op)
    uses.remove(first)
    return (second,)


def store_transposed(uses: Uses, first: Node, second: Node) -> Sequence[Node]:
    """Let an op store its result where a TRANSPOSE would have moved it.

    One of the last two axes stays the last one: the numbers that a kernel has side by side, or those it has
    where it computes the transposed product.
    """
    order, out = _order(second), first.outputs[0]
    if order is None or not first.kernel.orders or first.epilogue or first.stored_order is not None:
        return ()
    of_constants = any(v is not None and v.is_constant for v in first.inputs)
    if second.inputs[0] is not out or order[-1] < len(order) - 2 or of_constants:
        return ()
    first.stored_order = order
    first.outputs, first.result = second.outputs, second.result
    first.merged.append(second.op)
    uses.remove(second)
    return (first,)


def _order(node: Node) -> tuple[int, ...] | None:
    """Return the order in which a TRANSPOSE that changes no number takes the axes; None for other nodes."""
    if node.op.name != "TRANSPOSE" or node.epilogue or node.inputs[1] is None:
        return None
    source, out = node.input(0), node.outputs[0]
    if not same_levels(source, out) or source.scale != out.scale:
        return None
    return tuple(int(axis) % len(out.shape) for axis in node.input(1).data().reshape(-1))


def _zero_pads(node: Node) -> tuple[tuple[int, int], ...] | None:
    """Return what a PAD of zeros adds before and after each axis; None for any other node."""
    op = node.op
    if (
        op.name not in ("PAD", "PADV2")
        or node.epilogue
        or op.inputs[1] is None
        or op.inputs[1].data is None
    ):
        return None
    if op.name == "PADV2":
        value = op.inputs[2]
        if value is None or value.data is None or (value.data != value.zero_point).any():
            return None
    return tuple((int(a), int(b)) for a, b in op.inputs[1].data)


def merge_constant(uses: Uses, first: Node, second: Node) -> Sequence[Node]:
    """Multiply a MUL, or add an ADD, of a constant per channel into the weights and the bias before it.

    Sums that overflow before they are multiplied by less than 1 do not, then: see docs/opencl.md.
    """
    if not first.kernel.folds or first.epilogue or fused_activation(first.op) != "NONE":
        return ()
    if first.result.levels is not None or second.op.name not in ("MUL", "ADD", "SUB") or second.epilogue:
        return ()
    constant = next((v for v in second.inputs if v is not None and v.is_constant), None)
    out = first.outputs[0]
    if constant is None or (second.op.name == "SUB" and second.inputs[1] is not constant):
        return ()
    if second.outputs[0].shape != out.shape or constant.size not in (1, out.shape[-1]):
        return ()
    if constant.size > 1 and constant.shape[-1] != constant.size:
        return ()
    values = constant.data().reshape(-1)
    if not _is_safe(first, second.op.name, values):
        return ()
    _fold(first, second.op.name, np.broadcast_to(values, out.shape[-1:]))
    # What the anchor computes is now the second op's result, with that op's activation.
    first.op, first.merged = _with_activation(first, second), [*first.merged, second.op, *second.merged]
    first.outputs, first.result = second.outputs, second.result
    uses.remove(second)
    return (first,)


def _is_safe(node: Node, name: str, constant: np.ndarray) -> bool:
    """Say whether folding keeps what is infinite, NaN or -0.0, and weights and bias in float32's range."""
    biases = [v.data() for v in node.inputs[2:] if v is not None and v.is_constant and v.dtype == "real"]
    if any(not (np.abs(bias) <= _MOST**2).all() for bias in biases):
        return False
    if name != "MUL":
        return bool((np.abs(constant) <= _MOST).all())
    factor = constant if node.factor is None else constant * node.factor
    return bool(((factor >= 1 / _MOST) & (factor <= _MOST)).all())


def _fold(node: Node, name: str, constant: np.ndarray) -> None:
    factor = np.ones_like(constant) if node.factor is None else node.factor
    shift = np.zeros_like(constant) if node.shift is None else node.shift
    if name == "MUL":
        node.factor, node.shift = factor * constant, shift * constant
    else:
        node.shift = shift + (constant if name == "ADD" else -constant)


def _with_activation(first: Node, second: Node) -> Op:
    """Return the anchor with the second op's activation."""
    activation = fused_activation(second.op)
    return evolve(first.op, options=first.op.options.replace(fused_activation_function=activation))


def fuse_elementwise(uses: Uses, first: Node, second: Node) -> Sequence[Node]:
    """Compute an elementwise op where its operand is computed, before it is stored."""
    post_op_of, out = second.kernel.post_op, first.outputs[0]
    if not first.kernel.fuses or post_op_of is None or len(second.outputs) != 1:
        return ()
    which = [i for i, v in enumerate(second.inputs) if v is not None and _is_whole_view(v, out)]
    if len(which) != 1 or second.result.shape != out.shape or not uses.ready(first, second):
        return ()
    post_op = post_op_of(second, which[0])
    if post_op is None:
        return ()
    fused_into(first, [post_op], second)
    uses.remove(second)
    return (first,)


def _is_whole_view(value: Value, out: Value) -> bool:
    """Say whether a value is another's numbers, all of them, in the same shape."""
    return value.root is out and value.shape == out.shape and value.root_offset == 0


def concatenate_in_place(uses: Uses, first: Node, second: Node) -> Sequence[Node]:
    """Let all producers of a CONCATENATION store their part of it where it belongs."""
    if second.op.name != "CONCATENATION" or second.epilogue or fused_activation(second.op) != "NONE":
        return ()
    out, parts = second.outputs[0], [v for v in second.inputs if v is not None]
    axis = second.op.options.axis % max(len(out.shape), 1)
    nodes = _sole_producers(uses, second, parts)
    if nodes is None or id(out.root) in {id(v.root) for v in parts}:
        return ()
    if any(not same_levels(v, out) or v.scale != out.scale for v in parts):
        return ()
    if axis == len(out.shape) - 1 and all(n.kernel.fuses for n in nodes):
        _place_channels(nodes, out)
    elif all(size == 1 for size in out.shape[:axis]) and _are_aligned(parts):
        _place_runs(parts, out)
    else:
        return ()
    nodes.sort(key=uses.position)
    nodes[-1].merged.append(second.op)
    uses.remove(second)
    return nodes


def _sole_producers(uses: Uses, reader: Node, parts: Iterable[Value]) -> list[Node] | None:
    """Return the node of each part if it is computed for ``reader`` alone and stored nowhere else."""
    found: dict[int, Node] = {}
    for value in parts:
        node = uses.producer(value)
        if node is None or value.base is not None or node.place is not None or len(node.outputs) != 1:
            return None
        if uses.only_reader(value) is not reader:
            return None
        found[id(node)] = node
    return list(found.values())


def _place_channels(nodes: list[Node], out: Value) -> None:
    channel = 0
    for node in nodes:
        own = node.outputs[0].shape[-1]
        node.place = Place(channel, own)
        node.outputs = [out]
        channel += own


def _are_aligned(parts: list[Value]) -> bool:
    offset = 0
    for value in parts[:-1]:
        offset += value.size
        if offset % ALIGNED:
            return False
    return True


def _place_runs(parts: list[Value], out: Value) -> None:
    offset = 0
    for value in parts:
        value.base, value.offset = out, offset
        offset += value.size


REWRITES = (
    Rewrite("merge padding", "PAD of zeros → a convolution", merge_padding),
    Rewrite("read transposed", "TRANSPOSE → a product of matrices", read_transposed),
    Rewrite("store transposed", "a product of matrices → TRANSPOSE", store_transposed),
    Rewrite("multiply once", "channels, some of one pixel → a pointwise convolution", multiply_once),
    Rewrite("merge constants", "a convolution → MUL or ADD of a constant per channel", merge_constant),
    Rewrite("fuse elementwise", "an op that fuses → an elementwise op", fuse_elementwise),
    Rewrite("concatenate in place", "ops that fuse → CONCATENATION", concatenate_in_place),
)
