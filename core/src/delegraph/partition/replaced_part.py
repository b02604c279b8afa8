"""A tensor of which one part is replaced: one op, where the file has three.

Converters write ``x[i] = y`` as ``CONCATENATION(x[:i], y, x[i + 1:])`` of two SLICEs, whose shapes only a
run shows. ``DYNAMIC_UPDATE_SLICE(x, y, i)`` is the same, its shape is known, and any delegate can run it,
if ``i`` is sure to lie inside: SLICE refuses another, DYNAMIC_UPDATE_SLICE moves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..model import RANDOM_OPS, Graph, Op, Tensor, is_core_op
from ..model.op_codes import options_record
from ..values import evolve, frozen
from .linear import Known, Linear, fits

NAME = "DYNAMIC_UPDATE_SLICE"


@frozen
class Part:
    """A SLICE of everything along all axes but one."""

    whole: Tensor
    begin: Linear
    size: Linear | None  # None: to the end


def as_replaced_part(op: Op, made_by: Mapping[int, Op], known: Known) -> Op | None:
    """Return a CONCATENATION as a DYNAMIC_UPDATE_SLICE that gives the same; None if it is none.

    :param made_by: the ops that compute its inputs, by tensor.
    """
    if op.name != "CONCATENATION" or len(op.inputs) != 3 or op.options.fused_activation_function != "NONE":
        return None
    before, update, after = op.inputs
    if before is None or update is None or after is None or not update.shape:
        return None
    axis = op.options.axis % len(update.shape)
    first, last = (_part(made_by.get(t.index), axis, known) for t in (before, after))
    if first is None or last is None or first.size is None or first.whole.index != last.whole.index:
        return None
    whole, count = first.whole, Linear(update.shape[axis])
    if whole.shape != op.outputs[0].shape or not _alike([whole, before, update, after, op.outputs[0]]):
        return None
    rest = Linear((whole.shape or ())[axis]) - first.size - count
    at = known.range(first.size)
    is_tiled = first.begin == Linear() and last.begin == first.size + count and last.size in (None, rest)
    if not (is_tiled and at.low >= 0 and known.range(rest).low >= 0 and fits(at)):
        return None
    # Where the slice of what lies before is all of the axis, the update is, too: any start is moved to 0.
    start = made_by[before.index].inputs[2]
    return evolve(op, name=NAME, version=1, inputs=(whole, update, start), options=options_record(NAME))


def without_unread(graph: Graph, candidates: Sequence[Op], kept: set[int]) -> Graph:
    """Return the graph without those of the ops, and of what only these read, that nobody reads.

    :param candidates: ops that some rewritten op has read before.
    :param kept: tensors that are read after the run, besides the graph's outputs.
    """
    wanted = {op.index for op in candidates}
    read = {t.index for t in graph.outputs} | kept
    left: list[Op] = []
    gone: list[Op] = []
    for op in reversed(graph.ops):
        if op.index in wanted and _is_pure(op) and not any(t.index in read for t in op.outputs):
            gone.append(op)
            made = {t.index for t in op.inputs if t is not None}
            wanted |= {o.index for o in graph.ops if any(t.index in made for t in o.outputs)}
        else:
            left.append(op)
            read |= {t.index for t in op.inputs if t is not None}
    return evolve(graph, ops=tuple(left[::-1]), merged=tuple(gone[::-1]))


def _part(op: Op | None, axis: int, known: Known) -> Part | None:
    """Return what a SLICE takes, if it takes everything along all other axes."""
    if op is None or op.name != "SLICE" or op.inputs[0] is None or not op.inputs[0].shape:
        return None
    shape = op.inputs[0].shape
    begin, size = known.values(op.inputs[1]), known.values(op.inputs[2])
    if begin is None or size is None or not begin.size == size.size == len(shape) > axis:
        return None
    to_the_end = Linear(-1)
    for a, (d, b, n) in enumerate(zip(shape, begin.flat, size.flat, strict=True)):
        if a != axis and not (b == Linear() and n in (to_the_end, Linear(d))):
            return None
    end = size.flat[axis]
    return Part(op.inputs[0], begin.flat[axis], None if end == to_the_end else end)


def _alike(tensors: Sequence[Tensor]) -> bool:
    """Say whether values of one tensor mean the same in any other, and none is state."""
    first = tensors[0]
    return all(
        t.dtype == first.dtype and t.scale == first.scale and t.zero_point == first.zero_point and _plain(t)
        for t in tensors
    )


def _plain(t: Tensor) -> bool:
    q = t.quantization
    return not t.is_variable and (q is None or not (q.is_per_axis or q.custom or q.blocks))


def _is_pure(op: Op) -> bool:
    stateful = is_core_op(op.name) or op.name in RANDOM_OPS or op.variables
    return not stateful and not any(t.is_variable for t in op.outputs)
