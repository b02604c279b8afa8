"""Pairs of ops of which the second reads the channels that the first makes: with nothing between them, or
ops that treat every channel alike, so that what is done to a channel before them may be undone behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from attrs import field, frozen
from delegraph import fused_activation

from ..writer import LEFT_OUT, EditedOp, GraphEdit, ModelEdit
from .product import WeightedProduct

Ends = Mapping[int, np.ndarray]  # by tensor: lowest and highest value of each channel, (2, channels)


@frozen(eq=False)
class ChannelPair:
    """Two ops with weights, joined by channels."""

    first: EditedOp
    second: EditedOp
    makes: WeightedProduct
    reads: WeightedProduct
    between: tuple[int, ...]  # the tensors, the first op's first
    activation: str  # of the first op
    ends: np.ndarray | None = field(default=None)  # of its channels on samples, where these are known
    shifts: bool = False  # whether a number added to a channel comes through to the second op


def channel_pairs(edit: ModelEdit, place: int, ends: Ends) -> list[ChannelPair]:
    """Return the pairs of a subgraph whose channels nobody else sees."""
    graph = edit.graphs[place]
    kept, readers, producers = edit.kept(graph), graph.readers(), graph.producers()
    found = []
    for second in graph.nodes:
        way = _way(graph, second, producers)
        if way is None or any(i in kept or len(readers[i]) > 1 for i in way[1]):
            continue
        if all(_owns_weights(graph, node, readers) for node in (way[0], second)):
            found.append(_pair(graph, way[0], second, way[1], producers, ends))
    return [pair for pair in found if pair is not None]


def _way(
    graph: GraphEdit, second: EditedOp, producers: Mapping[int, EditedOp]
) -> tuple[EditedOp, tuple[int, ...]] | None:
    """Return the op that makes what an op reads, and the tensors on the way."""
    between: list[int] = []
    node = second
    while node.inputs:
        between.insert(0, node.inputs[0])
        made_by = producers.get(node.inputs[0])
        if made_by is None:
            return None
        if not _passes(graph, made_by):
            return made_by, tuple(between)
        node = made_by
    return None


def _passes(graph: GraphEdit, node: EditedOp) -> bool:
    """Say whether an op does the same to each channel, whatever its scale."""
    rule = _PASSES.get(node.name)
    return rule is not None and node.source is not None and rule(graph, node)


def _is_linear_pool(graph: GraphEdit, node: EditedOp) -> bool:
    return node.options.fused_activation_function in ("NONE", "RELU")


def _keeps_last_axis(graph: GraphEdit, node: EditedOp) -> bool:
    before, after = (graph.tensors[i].shape for i in (node.inputs[0], node.outputs[0]))
    return bool(before and after and before[-1] == after[-1])


def _pads_no_channel(graph: GraphEdit, node: EditedOp) -> bool:
    pads = graph.data(node.inputs[1])
    return pads is not None and not pads[-1].any()


def _is_mean_of_places(graph: GraphEdit, node: EditedOp) -> bool:
    axes, rank = graph.data(node.inputs[1]), len(graph.tensors[node.inputs[0]].shape or ())
    return axes is not None and bool(rank) and (rank - 1) not in axes.reshape(-1) % rank


_PASSES: dict[str, Callable[[GraphEdit, EditedOp], bool]] = {
    "AVERAGE_POOL_2D": _is_linear_pool,
    "MAX_POOL_2D": _is_linear_pool,
    "MEAN": _is_mean_of_places,
    "PAD": _pads_no_channel,
    "RESHAPE": _keeps_last_axis,
}


def _owns_weights(graph: GraphEdit, node: EditedOp, readers: Mapping[int, list[EditedOp]]) -> bool:
    constants = node.inputs[1:]
    if not all(i == LEFT_OUT or (graph.is_constant(i) and len(readers[i]) == 1) for i in constants):
        return False
    return len(set(constants)) == len(constants)


def _pair(
    graph: GraphEdit,
    first: EditedOp,
    second: EditedOp,
    between: tuple[int, ...],
    producers: Mapping[int, EditedOp],
    ends: Ends,
) -> ChannelPair | None:
    """Return two ops as a pair whose channels can be scaled; None if they are none."""
    assert first.source is not None
    assert second.source is not None
    makes, reads = WeightedProduct.of(first.source), WeightedProduct.of(second.source)
    if makes is None or reads is None or makes.made != reads.read:
        return None
    activation, seen = fused_activation(first.source), ends.get(between[0])
    if activation not in ("NONE", "RELU") and (activation != "RELU6" or seen is None):
        return None
    passed = [producers[i] for i in between[1:]]
    shifts = not reads.pads and all(_shifts(node) for node in passed)
    return ChannelPair(first, second, makes, reads, between, activation, seen, shifts)


def _shifts(node: EditedOp) -> bool:
    """Say whether a number added to a channel comes through: zeros that are padded do not have it."""
    return node.name != "PAD" and node.options.get("fused_activation_function", "NONE") == "NONE"
