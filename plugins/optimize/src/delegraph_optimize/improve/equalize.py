"""Cross-layer equalization: a channel that one op makes large and the next one small is made of equal size
in the weights of both.

act(x / s) = act(x) / s for s > 0, where act is RELU or nothing: the weights and bias that make channel i
are divided by s_i = √(r1_i / r2_i), those that read it multiplied; r1 and r2 are the largest weights.
RELU6 is not so. It is taken for RELU in a channel that stays below 6 on samples, if it does so after, too.

Source: Nagel et al., "Data-free quantization through weight equalization and bias correction", 2019,
section 4.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from delegraph import Delegate, Interpreter, Model, fused_activation, load_delegate

from ..calibrate.samples import Sample
from ..calibrate.watch import Watched, run_sample
from ..writer import LEFT_OUT, EditedOp, GraphEdit, ModelEdit
from .product import BIAS, WeightedProduct

Tops = Mapping[int, np.ndarray]  # by tensor: the highest value of each channel on samples
EQUALIZED = "_equalized"  # behind the name of a tensor whose channels are scaled
_SWEEPS = 20  # over all pairs: in a chain one moves the others
_DONE = 1e-3  # of a scale's distance from 1: then nothing moves any more
_ROOM = 0.9  # of what RELU6 lets through, for values that no sample showed
_SIX = 6.0


def equalize(edit: ModelEdit, place: int, tops: Tops | None = None) -> list[int]:
    """Equalize the pairs of a subgraph; return the tensors between them.

    :param tops: without them, pairs joined by RELU6 are left.
    """
    graph, pairs = edit.graphs[place], _pairs(edit, place, tops)
    scales = {pair.between: np.ones(pair.makes.made) for pair in pairs}
    for _ in range(_SWEEPS):
        moved = [_scaled(graph, pair, scales[pair.between]) for pair in pairs]
        if max(moved, default=0.0) < _DONE:
            break
    found = [index for index, scale in scales.items() if not np.allclose(scale, 1)]
    for index in found:
        graph.change(index, name=f"{graph.tensors[index].name}{EQUALIZED}")
    return found


def equalized(
    model: Model, samples: Sequence[Sample], engine: str | Delegate = "reference"
) -> tuple[Model, int]:
    """Return a model of floats that computes the same with equalized channels, and how many pairs are."""
    edit, tops = ModelEdit(model), _tops(model, samples, engine)
    count = sum(len(equalize(edit, place, tops.get(place))) for place in range(len(edit.graphs)))
    return edit.model(), count


def _tops(model: Model, samples: Sequence[Sample], engine: str | Delegate) -> dict[int, Tops]:
    """Return the highest value of each channel, by subgraph and tensor."""
    found: dict[int, dict[int, np.ndarray]] = {}

    def tell(subgraph: int, index: int, values: np.ndarray) -> None:
        if values.ndim > 1 and values.size:
            top = values.max(axis=tuple(range(values.ndim - 1)))
            seen = found.setdefault(subgraph, {})
            seen[index] = np.maximum(seen.get(index, top), top)

    if samples:
        loaded = [load_delegate(engine) if isinstance(engine, str) else engine]
        if loaded[0].name != "reference":
            loaded.append(load_delegate("reference"))
        with Interpreter(model=model, delegates=Watched.all_of(loaded, tell)) as interpreter:
            for signature, inputs in samples:
                run_sample(interpreter, signature, inputs)
    return dict(found)


@frozen(eq=False)
class _ChannelPair:
    first: EditedOp
    second: EditedOp
    makes: WeightedProduct
    reads: WeightedProduct
    between: int  # the tensor
    tops: np.ndarray | None  # of each channel on samples, where RELU6 is between


def _pairs(edit: ModelEdit, place: int, tops: Tops | None) -> list[_ChannelPair]:
    graph = edit.graphs[place]
    kept, readers, producers = edit.kept(graph), graph.readers(), graph.producers()
    found = []
    for second in graph.nodes:
        first = producers.get(second.inputs[0]) if second.inputs else None
        if first is None or second.inputs[0] in kept or len(readers[second.inputs[0]]) > 1:
            continue
        if all(_owns_weights(graph, node, readers) for node in (first, second)):
            found.append(_pair(first, second, tops or {}))
    return [pair for pair in found if pair is not None]


def _owns_weights(graph: GraphEdit, node: EditedOp, readers: Mapping[int, list[EditedOp]]) -> bool:
    constants = node.inputs[1:]
    if not all(i == LEFT_OUT or (graph.is_constant(i) and len(readers[i]) == 1) for i in constants):
        return False
    return len(set(constants)) == len(constants)


def _pair(first: EditedOp, second: EditedOp, tops: Tops) -> _ChannelPair | None:
    """Return two ops as a pair whose channels can be scaled; None if they are none."""
    assert first.source is not None
    assert second.source is not None
    makes, reads, between = (
        WeightedProduct.of(first.source),
        WeightedProduct.of(second.source),
        second.inputs[0],
    )
    if makes is None or reads is None or makes.made != reads.read:
        return None
    activation = fused_activation(first.source)
    if activation in ("NONE", "RELU"):
        return _ChannelPair(first, second, makes, reads, between, None)
    if activation == "RELU6" and between in tops:
        return _ChannelPair(first, second, makes, reads, between, tops[between])
    return None


def _scaled(graph: GraphEdit, pair: _ChannelPair, done: np.ndarray) -> float:
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
    if pair.tops is not None:
        scale = _below_six(scale * done, pair.tops) / done
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
