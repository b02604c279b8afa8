"""Rewrites: what makes accepted ops faster without changing their numbers, as rows of (pattern, rewrite).

A pattern is two ops, the second reading what the first computes and nobody else does. A rewritten node
keeps the schema name of its anchor; the other op becomes part of its epilogue, its padding, its weights
or its place. Rewrites are applied until none fits. Ops that move nothing (RESHAPE, identity SLICE) have
become views before (see :mod:`delegraph_opencl.program.lowering`).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
from attrs import frozen
from delegraph import Op, fused_activation

from .epilogue import fused_into
from .lowering import ALIGNED, Lowered, same_levels
from .node import Node, Place, Value


@frozen(hash=False)
class Rewrite:
    """One row: which pairs it is for, and what it does to them."""

    name: str
    pattern: str  # for people: "an op that fuses → an elementwise op"
    # apply(lowered, first, second): change the nodes and return True, or leave all as it is.
    apply: Callable[[Lowered, Node, Node], bool]


def rewrite(lowered: Lowered) -> None:
    """Apply every rewrite wherever it fits, the rows in their order."""
    for row in REWRITES:
        while _once(lowered, row):
            pass


def _once(lowered: Lowered, row: Rewrite) -> bool:
    producers, readers, leaving = lowered.producers(), lowered.readers(), lowered.leaving()
    changed = False
    for second in list(lowered.nodes):
        # The last operand to be computed is the one that all others are ready for.
        pairs = [producers.get(id(value.root)) for value in second.reads]
        for first in sorted({id(n): n for n in pairs if n is not None}.values(), key=lambda n: -n.op.index):
            out = first.outputs[0]
            alone = len(readers[id(out)]) == 1 and id(out) not in leaving and first.place is None
            fits = alone and first is not second and len(first.outputs) == 1
            if fits and row.apply(lowered, first, second):
                changed = True
                producers, readers = lowered.producers(), lowered.readers()
                break
    return changed


def merge_padding(lowered: Lowered, first: Node, second: Node) -> bool:
    """Let a convolution read zeros where a PAD would have written them."""
    pads = _zero_pads(first)
    if pads is None or not second.kernel.pads or second.inputs[0] is not first.outputs[0]:
        return False
    source = first.inputs[0]
    assert source is not None
    if (
        len(pads) != 4
        or pads[0] != (0, 0)
        or pads[3] != (0, 0)
        or not same_levels(source, first.outputs[0])
    ):
        return False
    if second.pads is not None or source.scale != first.outputs[0].scale:
        return False
    second.inputs[0], second.pads = source, pads
    _absorb(lowered, second, first)
    return True


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


def merge_constant(lowered: Lowered, first: Node, second: Node) -> bool:
    """Multiply a MUL, or add an ADD, of a constant per channel into the weights and the bias before it."""
    if not first.kernel.folds or first.epilogue or fused_activation(first.op) != "NONE":
        return False
    if first.result.levels is not None or second.op.name not in ("MUL", "ADD", "SUB") or second.epilogue:
        return False
    constant = next((v for v in second.inputs if v is not None and v.is_constant), None)
    out = first.outputs[0]
    if constant is None or (second.op.name == "SUB" and second.inputs[1] is not constant):
        return False
    if second.outputs[0].shape != out.shape or constant.size not in (1, out.shape[-1]):
        return False
    if constant.size > 1 and constant.shape[-1] != constant.size:
        return False
    _fold(first, second.op.name, np.broadcast_to(constant.data().reshape(-1), out.shape[-1:]))
    # What the anchor computes is now the second op's result, with that op's activation.
    first.op, first.merged = _with_activation(first, second), [*first.merged, second.op, *second.merged]
    first.outputs, first.result = second.outputs, second.result
    lowered.nodes.remove(second)
    return True


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
    return attrs.evolve(first.op, options=first.op.options.replace(fused_activation_function=activation))


def fuse_elementwise(lowered: Lowered, first: Node, second: Node) -> bool:
    """Compute an elementwise op where its operand is computed, before it is stored."""
    step_of, out = second.kernel.step, first.outputs[0]
    if not first.kernel.fuses or step_of is None or len(second.outputs) != 1:
        return False
    which = [i for i, v in enumerate(second.inputs) if v is not None and _is_whole_view(v, out)]
    if len(which) != 1 or second.result.shape != out.shape or not _ready(lowered, first, second):
        return False
    step = step_of(second, which[0])
    if step is None:
        return False
    fused_into(first, [step], second)
    lowered.nodes.remove(second)
    return True


def _is_whole_view(value: Value, out: Value) -> bool:
    """Say whether a value is another's numbers, all of them, in the same shape."""
    return value.root is out and value.shape == out.shape and value.root_offset == 0


def _ready(lowered: Lowered, first: Node, second: Node) -> bool:
    """Say whether all else that ``second`` reads is there when ``first`` runs."""
    at = lowered.nodes.index(first)
    later = {id(v.root) for node in lowered.nodes[at + 1 :] for v in node.outputs}
    return not any(id(v.root) in later for v in second.reads)


def concatenate_in_place(lowered: Lowered, first: Node, second: Node) -> bool:
    """Let all producers of a CONCATENATION store their part of it where it belongs."""
    if second.op.name != "CONCATENATION" or second.epilogue or fused_activation(second.op) != "NONE":
        return False
    out, parts = second.outputs[0], [v for v in second.inputs if v is not None]
    axis = second.op.options.axis % max(len(out.shape), 1)
    nodes = _sole_producers(lowered, second, parts)
    if nodes is None or id(out.root) in {id(v.root) for v in parts}:
        return False
    if any(not same_levels(v, out) or v.scale != out.scale for v in parts):
        return False
    if axis == len(out.shape) - 1 and all(n.kernel.fuses for n in nodes):
        _place_channels(nodes, out)
    elif all(size == 1 for size in out.shape[:axis]) and _are_aligned(parts):
        _place_runs(parts, out)
    else:
        return False
    at = max(map(lowered.nodes.index, nodes))
    lowered.nodes[at].merged.append(second.op)
    lowered.nodes.remove(second)
    return True


def _sole_producers(lowered: Lowered, reader: Node, parts: list[Value]) -> list[Node] | None:
    """Return the node of each part if it is computed for ``reader`` alone and stored nowhere else."""
    producers, readers, leaving = lowered.producers(), lowered.readers(), lowered.leaving()
    found = []
    for value in parts:
        node = producers.get(id(value))
        if node is None or value.base is not None or id(value) in leaving or node.place is not None:
            return None
        if readers[id(value)] != [reader] or len(node.outputs) != 1 or node in found:
            return None
        found.append(node)
    return found


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


def _absorb(lowered: Lowered, keeper: Node, gone: Node) -> None:
    keeper.merged.append(gone.op)
    lowered.nodes.remove(gone)


REWRITES = (
    Rewrite("merge padding", "PAD of zeros → a convolution", merge_padding),
    Rewrite("merge constants", "a convolution → MUL or ADD of a constant per channel", merge_constant),
    Rewrite("fuse elementwise", "an op that fuses → an elementwise op", fuse_elementwise),
    Rewrite("concatenate in place", "ops that fuse → CONCATENATION", concatenate_in_place),
)
