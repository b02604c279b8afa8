"""Cross-layer equalization: a channel that one op makes large and the next one small is made of equal size
in the weights of both.

act(x / s) = act(x) / s for s > 0, where act is RELU or nothing: the weights and bias that make channel i
are divided by s_i = √(r1_i / r2_i), those that read it multiplied; r1 and r2 are the largest weights.
RELU6 is not so. It is taken for RELU in a channel that stays below 6 on samples, if it does so after, too.
Pools, means of places, PAD and RESHAPE between both let scales through.

Source: Nagel et al., "Data-free quantization through weight equalization and bias correction", 2019,
section 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import Delegate, Interpreter, Model, load_delegate

from ..bounds import limits
from ..calibrate.samples import Sample
from ..calibrate.watch import Watched, run_sample
from ..writer import GraphEdit, ModelEdit
from .absorb import absorbed
from .channel_pairs import ChannelPair, Ends, channel_pairs
from .product import BIAS

EQUALIZED = "_equalized"  # behind the name of a tensor whose channels are scaled
_SWEEPS = 20  # over all pairs: in a chain one moves the others
_DONE = 1e-3  # of a scale's distance from 1: then nothing moves any more
_MOST = 1000.0  # a scale beyond is of a channel that is as good as dead: its bias would be all that is left
_ROOM = 0.9  # of what RELU6 lets through, for values that no sample showed
_SIX = 6.0


def equalize(edit: ModelEdit, place: int, ends: Ends) -> tuple[int, int]:
    """Equalize the pairs of a subgraph, and absorb their biases; return how many pairs and channels.

    :param ends: of tensors' channels; without those of it, a pair joined by RELU6 is left.
    """
    graph, pairs = edit.graphs[place], channel_pairs(edit, place, ends)
    scales = [np.ones(pair.makes.made) for pair in pairs]
    for _ in range(_SWEEPS):
        moved = [_scaled(graph, pair, done) for pair, done in zip(pairs, scales, strict=True)]
        if max(moved, default=0.0) < _DONE:
            break
    channels = [absorbed(graph, pair, done) for pair, done in zip(pairs, scales, strict=True)]
    changed = [not np.allclose(done, 1) for done in scales]
    for pair, *what in zip(pairs, changed, channels, strict=True):
        for index in pair.between if any(what) else ():
            graph.change(index, name=f"{graph.tensors[index].name}{EQUALIZED}")
    return sum(changed), sum(channels)


def equalized(
    model: Model, samples: Sequence[Sample], engine: str | Delegate = "reference"
) -> tuple[Model, int, int]:
    """Return a model of floats that computes the same with equalized channels, how many pairs are, and of
    how many channels the next op has taken the bias.
    """
    edit, ends = ModelEdit(model), _ends(model, samples, engine)
    counts = [equalize(edit, place, ends.get(place, {})) for place in range(len(edit.graphs))]
    pairs, channels = (sum(some) for some in zip(*counts, strict=True))
    return edit.model(), pairs, channels


def _ends(model: Model, samples: Sequence[Sample], engine: str | Delegate) -> dict[int, Ends]:
    """Return the lowest and the highest value of each channel, by subgraph and tensor."""
    found: dict[int, dict[int, np.ndarray]] = {}

    def tell(subgraph: int, index: int, values: np.ndarray) -> None:
        if values.ndim > 1 and values.size:
            axes, seen = tuple(range(values.ndim - 1)), found.setdefault(subgraph, {})
            low, high = values.min(axis=axes), values.max(axis=axes)
            before = seen.get(index, (low, high))
            seen[index] = np.stack([np.minimum(before[0], low), np.maximum(before[1], high)])

    if samples:
        loaded = [load_delegate(engine) if isinstance(engine, str) else engine]
        if loaded[0].name != "reference":
            loaded.append(load_delegate("reference"))
        with Interpreter(model=model, delegates=Watched.all_of(loaded, tell), **limits()) as interpreter:
            for signature, inputs in samples:
                run_sample(interpreter, signature, inputs)
    return dict(found)


def _scaled(graph: GraphEdit, pair: ChannelPair, done: np.ndarray) -> float:
    """Scale a pair's channels; return how far the largest scale is from 1.

    :param done: the product of the scales so far, which is updated.
    """
    one, two = graph.data(pair.first.inputs[1]), graph.data(pair.second.inputs[1])
    assert one is not None
    assert two is not None
    makes, reads = pair.makes.matrix(one).astype(np.float64), pair.reads.matrix(two).astype(np.float64)
    r1 = np.abs(makes).max(axis=2).reshape(-1)
    r2 = np.abs(pair.reads.by_input(reads)).max(axis=(1, 2)).reshape(-1)
    scale = np.ones_like(r1)
    np.sqrt(np.divide(r1, r2, out=scale, where=(r1 > 0) & (r2 > 0)), out=scale)
    scale = np.clip(scale * done, 1 / _MOST, _MOST) / done
    if pair.activation == "RELU6":
        assert pair.ends is not None
        scale = _below_six(scale * done, pair.ends[1]) / done
    shaped = scale.reshape(pair.makes.groups, pair.makes.units)
    _set(graph, pair.first.inputs[1], pair.makes.tensor(makes / shaped[..., None]))
    for index in pair.first.inputs[BIAS : BIAS + 1]:
        bias = graph.data(index)
        if bias is not None:
            _set(graph, index, bias / scale)
    read = scale.reshape(pair.reads.groups, 1, 1, -1)
    scaled = (pair.reads.by_input(reads) * read).reshape(reads.shape)
    _set(graph, pair.second.inputs[1], pair.reads.tensor(scaled))
    done *= scale
    return float(np.abs(scale - 1).max(initial=0.0))


def _below_six(scale: np.ndarray, tops: np.ndarray) -> np.ndarray:
    """Return scales after which RELU6 lets through what it did: 1 where it ever cut something off."""
    return np.where(tops < _ROOM * _SIX, np.maximum(scale, tops / (_ROOM * _SIX)), 1.0)


def _set(graph: GraphEdit, index: int, values: np.ndarray) -> None:
    graph.change(index, data=values.astype(np.float32))
