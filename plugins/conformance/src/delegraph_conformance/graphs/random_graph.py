"""Random graphs of 4 to 30 ops, made from a seed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

import numpy as np
from attrs import evolve
from delegraph import Model, Tensor

from ..random_values import random_array
from .claims import Claims, NotClaimed
from .copies import joined
from .dice import Dice
from .moves import moves_of
from .net import KINDS, Net

# Half of them hold multiples of 512 elements: parts of those can be views, or be stored in place.
SHAPES: Sequence[tuple[int, ...]] = (
    (1, 4, 4, 8), (1, 4, 8, 16), (1, 8, 8, 8), (1, 2, 2, 32), (2, 3, 5, 4), (1, 5, 3, 17), (1, 6, 4, 3),
    (1, 1, 1, 16), (1, 8, 64), (2, 7, 5), (1, 33), (8, 64), (4, 16), (12,), (1, 2, 3, 2, 4), (1, 16, 4, 16),
)  # fmt: skip
FEWEST, MOST = 4, 30  # ops
SIZES = {"int32": 250.0, "int64": 250.0, "logic": 250.0}  # of whole numbers: inputs reach four times this
RANGES = {"float32": (-2.0, 2.0), "int32": (-250, 250), "int64": (-250, 250)}  # of inputs
TRIES = 200  # moves in a row that add no op: the table has none for such a graph


def random_graph(seed: int, kind: str) -> Model:
    """Return the graph of a seed: of one of ``net.KINDS``."""
    net, inputs = _grown(seed, kind, None)
    return net.g.model(outputs=_outputs(net, inputs))


def claimed_graph(seed: int, kind: str, claims: Claims, most: int = MOST) -> Model | None:
    """Return the graph of a seed, made of claimed ops; None where not one could be added.

    :param most: ops that are wanted; the last move may add a few more.
    """
    net, inputs = _grown(seed, kind, claims, most)
    return _tidied(net.g.model(outputs=_outputs(net, inputs)), net.folded) if net.ops else None


def _tidied(model: Model, folded: Collection[int]) -> Model:
    """Return a graph without what was made for ops that are not claimed."""
    graph = model.subgraphs[0]
    read = {t.index for op in graph.ops for t in op.inputs if t is not None}
    kept = [op for op in graph.ops if op.outputs[0].index in read or op.outputs[0].index not in folded]
    return joined([evolve(model, subgraphs=(evolve(graph, ops=tuple(kept)),))])


def _grown(seed: int, kind: str, claims: Claims | None, most: int = MOST) -> tuple[Net, int]:
    """Return a net with ops, and how many of its values are inputs."""
    dice = Dice(seed)
    net = Net(dice, KINDS[kind], claims)
    first = dice.one_of(SHAPES)
    for _ in range(dice.one_of((1, 1, 2, 3))):
        shape = first if dice.chance(0.6) else dice.one_of(SHAPES)
        net.input(shape, _input_type(net), dice.one_of((1.0, 2.0, 4.0)) * SIZES.get(kind, 1.0))
    inputs = len(net.values)
    wanted = min(FEWEST + int((MOST - FEWEST) * dice.unit() ** 2), most)
    failed, moves = 0, moves_of(net.kind)
    while net.ops < wanted and failed < TRIES:
        before = net.ops
        with suppress(NotClaimed):
            dice.weighted(moves)(net)
        failed = 0 if net.ops > before else failed + 1
    return net, inputs


def _input_type(net: Net) -> str:
    dice, kind = net.dice, net.kind
    if kind.inputs and net.values:
        return dice.one_of(kind.inputs)
    return "float32" if dice.chance(kind.changes) else kind.dtype


def _outputs(net: Net, inputs: int) -> list[Tensor]:
    """Return most of what nobody reads, and some of what somebody does; once in a while an input."""
    dice, computed = net.dice, net.values[inputs:]
    chosen = [v for v in computed if dice.chance(0.12 if v.readers else 0.85)]
    if dice.chance(0.02):
        chosen.append(net.values[0])
    return [v.tensor for v in dice.shuffled(chosen or computed[-1:])]


def inputs_of(model: Model, seed: int) -> list[np.ndarray]:
    """Return numbers for a graph's inputs that fill its scales; of others, of a range."""
    return [
        random_array(t.dtype, t.shape or (), seed + i, *RANGES.get(t.dtype, ()))
        for i, t in enumerate(model.subgraphs[0].inputs)
    ]
