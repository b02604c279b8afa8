"""How much of the outputs is lost when one layer is pruned: each layer at each sparsity, on samples."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen
from delegraph import Delegate, Interpreter, Model, html_text

from ..bounds import limits, model_of
from ..calibrate import read_samples
from ..calibrate.watch import run_sample
from ..compress import WeightLayer, check_layers, kept_samples, weight_layers
from ..improve import KeptSamples
from ..prepared import FloatModel
from ..writer import ModelEdit
from .asked import Pruning
from .pruned import by_size

SPARSITIES = (0.25, 0.5, 0.75, 0.9)
SAMPLES = 16  # that are kept of those that are given


@frozen
class LayerLoss:
    """What pruning one layer alone costs."""

    subgraph: int
    index: int  # of the op in the model that was given
    op: str
    name: str  # of its first output
    weights: int  # how many
    losses: tuple[float, ...]  # by sparsity: the difference of the outputs, as a share of their squares


@frozen
class PruningScan:
    """What pruning each layer alone costs, at some sparsities."""

    sparsities: tuple[float, ...]
    pattern: str
    layers: tuple[LayerLoss, ...] = field(repr=False)
    samples: int  # that were run

    def __str__(self) -> str:
        from .scan_text import scan_text

        return scan_text(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html_text(str(self))}</pre>"

    def to_json(self) -> dict[str, Any]:
        """Return all of it as values that JSON can hold."""
        return attrs.asdict(self)


def scan(
    model: Model | str | os.PathLike[str],
    data: Any,
    *,
    sparsities: Sequence[float] = SPARSITIES,
    pattern: str = "unstructured",
    engine: str | Delegate = "reference",
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    samples: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> PruningScan:
    """Prune each layer alone, by the size of its weights, and say how far the outputs are off then.

    :param data: samples without labels, of which a few are run
    :param sparsities: the shares of zeros that are tried; of a pattern M:N, its own is
    :param progress: called with the number of models that were run, and of all
    :raises InputError: an argument is none of these, or there is nothing to prune
    """
    tried = tuple(dict.fromkeys(_tried(s, pattern) for s in sparsities))
    given = model_of(model)
    ready = FloatModel.of(given)
    layers = weight_layers(ready, ModelEdit(ready.model))
    check_layers(layers, "prune")
    kept = kept_samples(read_samples(given, data, mean=mean, std=std, limit=samples), seed, SAMPLES)
    floats, found = _outputs(ready.model, kept, engine), []
    places = [i for i, layer in enumerate(layers) if not layer.reason]
    for count, place in enumerate(places):
        losses = []
        for number, pruning in enumerate(tried):
            progress(count * len(tried) + number, len(places) * len(tried))
            losses.append(_loss(floats, _outputs(_pruned(ready, place, pruning), kept, engine)))
        found.append(_told(layers[place], tuple(losses)))
    return PruningScan(tuple(p.share for p in tried), pattern, tuple(found), len(kept.samples))


def _tried(sparsity: float, pattern: str) -> Pruning:
    is_ratio = Pruning.of(None, pattern).pattern.of
    return Pruning.of(None if is_ratio else sparsity, pattern)


def _pruned(ready: FloatModel, place: int, pruning: Pruning) -> Model:
    """Return the model with one layer pruned."""
    edit = ModelEdit(ready.model)
    by_size(weight_layers(ready, edit)[place], pruning)
    return edit.model()


def _outputs(model: Model, kept: KeptSamples, engine: str | Delegate) -> list[np.ndarray]:
    """Return the outputs of a model that are floats, of all samples."""
    found = []
    with Interpreter(model=model, delegates=[engine], **limits()) as interpreter:
        for signature, inputs in kept.samples:
            rows = [np.asarray(o) for o in run_sample(interpreter, signature, inputs)]
            found += [np.array(o, np.float64) for o in rows if o.dtype.kind == "f"]
    return found


def _loss(wanted: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> float:
    """Return the squared differences as a share of the squares."""
    pairs = list(zip(wanted, found, strict=True))
    noise = sum(float(np.square(w - f).sum()) if w.shape == f.shape else float("inf") for w, f in pairs)
    return noise / max(sum(float(np.square(w).sum()) for w, _ in pairs), 1e-30)


def _told(layer: WeightLayer, losses: tuple[float, ...]) -> LayerLoss:
    name = layer.graph.tensors[layer.node.outputs[0]].name
    return LayerLoss(layer.subgraph, layer.index, layer.node.name, name, layer.weights.size, losses)
