"""From nodes to launches: what crosses the edge is converted there, and nothing else is."""

from __future__ import annotations

from delegraph import DelegateFailed, DelegraphError, evolve, frozen

from ..kernels.copy import copy
from ..program import border
from ..program.launch import Launch
from ..program.lowering import Lowered
from ..program.node import Node, Value
from ..program.target import Target
from .chain import chained


@frozen(hash=False)
class Compiled:
    """A partition as launches, in order, and the values that cross its edge."""

    launches: tuple[tuple[Node | None, Launch], ...]  # None: a conversion at the edge
    inputs: tuple[Value, ...]  # as they are outside
    outputs: tuple[Value, ...]


def compiled(lowered: Lowered, target: Target) -> Compiled:
    """Return the launches of all nodes.

    :raises DelegateFailed: a kernel could not be prepared; the message names its op.
    """
    launches: list[tuple[Node | None, Launch]] = []
    inputs = []
    for value in lowered.inputs:
        inputs.append(value if border.is_same(value, target) else border.outside(value))
        if inputs[-1] is not value:
            launches.append((None, border.enter(inputs[-1], value, target)))
    for node in lowered.nodes:
        launches += [(node, launch) for launch in _launches(node, target)]
    outputs: list[Value] = []
    taken = {id(value.root) for value in lowered.inputs}
    for value in lowered.outputs:
        out, extra = _leaving(value, target, taken)
        outputs.append(out)
        taken.add(id(out.root))
        launches += [(None, launch) for launch in extra]
    if target.merges_launches:
        launches = chained(launches, target, outputs)
    return Compiled(tuple(launches), tuple(inputs), tuple(outputs))


def _launches(node: Node, target: Target) -> list[Launch]:
    assert node.kernel.prepare is not None
    try:
        return list(node.kernel.prepare(node, target))
    except DelegraphError:
        raise
    except Exception as e:
        whose = "a fault of delegraph-opencl: please report it with the model; until then, leave opencl out"
        raise DelegateFailed(f"{node} could not be prepared: {type(e).__name__}: {e} ({whose})") from e


def _leaving(value: Value, target: Target, taken: set[int]) -> tuple[Value, list[Launch]]:
    """Return the value that leaves, as it is outside, and what has to be launched for it.

    A value that shares its buffer with an input, a constant, another output or a larger value is copied.

    :param taken: the ``id`` of the roots of inputs and of outputs before it.
    """
    if not border.is_same(value, target):
        raw = border.outside(value)
        return raw, [border.leave(value, raw, target)]
    root = value.root
    if root.is_constant or root.size != value.size or id(root) in taken:
        own = evolve(value, base=None, offset=0)
        return own, [copy(value, own, target)]
    return value, []
