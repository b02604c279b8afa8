"""High-bias absorption: what a channel never falls below is taken off it and given to the next op's bias.

W₂ relu(W₁x + b₁) + b₂ = W₂ relu(W₁x + b₁ - c) + b₂ + W₂c where W₁x + b₁ ≥ c: so the channel's range, which
always has 0, is shorter by c. Zeros that are padded behind the channel would not have it.

Source: Nagel et al., "Data-free quantization through weight equalization and bias correction", 2019,
section 4.1.3; c is of samples, not of a normal distribution.
"""

from __future__ import annotations

import numpy as np

from ..writer import GraphEdit
from .channel_pairs import ChannelPair
from .product import BIAS

_SURE = 0.9  # of the lowest value on samples: others may lie a little below
_SIX = 6.0
_WORTH = 0.05  # of the highest: less makes no range shorter that counts


def absorbed(graph: GraphEdit, pair: ChannelPair, scale: np.ndarray) -> int:
    """Move biases of a pair to its second op; return of how many channels.

    :param scale: by which the channels were divided since samples were seen
    """
    biases = [graph.data(i) for node in (pair.first, pair.second) for i in node.inputs[BIAS : BIAS + 1]]
    if len(biases) < 2 or any(b is None for b in biases) or not pair.shifts or pair.ends is None:
        return 0
    taken = _taken(pair) / scale
    weights = graph.data(pair.second.inputs[1])
    assert weights is not None
    reads = pair.reads.by_input(pair.reads.matrix(weights).astype(np.float64))
    given = (reads * taken.reshape(pair.reads.groups, 1, 1, -1)).sum(axis=(2, 3)).reshape(-1)
    for node, bias, change in zip((pair.first, pair.second), biases, (-taken, given), strict=True):
        assert bias is not None
        graph.change(node.inputs[BIAS], data=(bias + change).astype(np.float32))
    return int(np.count_nonzero(taken))


def _taken(pair: ChannelPair) -> np.ndarray:
    """Return what each channel never falls below, as samples showed it; 0 where it is not worth it."""
    assert pair.ends is not None
    low, high = pair.ends.astype(np.float64)
    cut_off = (high >= _SIX) if pair.activation == "RELU6" else np.zeros(len(low), bool)
    return np.where((low > _WORTH * high) & ~cut_off, _SURE * low, 0.0)
