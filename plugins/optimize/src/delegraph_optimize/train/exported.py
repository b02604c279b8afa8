"""The model that came of training: written as ``quantize`` writes one, of the trained weights
and ranges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
from attrs import frozen
from delegraph import Delegate, Model

from ..apply import Wanted, apply_schemes
from ..asked import Asked
from ..calibrate import Calibration
from ..calibrate.saved import tensor_keys
from ..calibrate.statistics import TensorStatistics
from ..improve.stored_product import StoredProduct
from ..pipeline import Quantized, finished
from ..prepared import FloatModel, Place
from ..schemes import Verdict
from ..target import plan_for
from ..writer import GraphEdit, ModelEdit
from .module import TrainableModel
from .torch_extra import torch


@frozen
class Origin:
    """What a module was made of."""

    given: Model  # the model that training was asked for
    settings: Asked
    wanted: Wanted
    calibration: Calibration | None
    target: Sequence[Delegate] | None = None  # None: LiteRT


def exported(module: TrainableModel, origin: Origin) -> Quantized:
    """Return the trained model, quantized where the module was."""
    given, settings, wanted, calibration = (
        origin.given,
        origin.settings,
        origin.wanted,
        origin.calibration,
    )
    ready = with_constants(module.edges.ready, module.edges.place, module.trained())
    if module.edges.bits is None:
        return finished(given, ready, ModelEdit(ready.model), {}, {}, "float32", None)
    assert calibration is not None
    settings = attrs.evolve(settings, method="minmax")
    place = module.edges.place
    wanted = {
        p: (_as_trained(module, p, scheme), "minmax" if p[0] == place else method)
        for p, (scheme, method) in wanted.items()
    }
    found = with_trained_ranges(module, calibration)
    joined = {place: module.edges.keys}
    edit, verdicts = apply_schemes(ready, settings, wanted, found, None, joined)
    _store_weights(module, edit.graphs[place])
    made = finished(given, ready, edit, _told(module, verdicts), wanted, settings.scheme, found)
    if origin.target is None:
        return made
    asked = {p: (scheme, wanted[p][1]) for p, (scheme, _) in origin.wanted.items()}
    wished = apply_schemes(ready, settings, asked, found, None, joined)[0].model()
    return attrs.evolve(
        made, plan=plan_for(origin.target, made.model), wished=plan_for(origin.target, wished)
    )


def _as_trained(module: TrainableModel, place: Place, scheme: str) -> str:
    """Return the scheme of an op, floats where training had none."""
    is_trained = place[1] in module.edges.types
    if place[0] != module.edges.place:
        is_trained = module.edges.verdicts.get(place, Verdict(False)).done
    return scheme if is_trained or scheme not in ("int8", "int16x8") else "float32"


def _told(module: TrainableModel, verdicts: Mapping[Place, Verdict]) -> dict[Place, Verdict]:
    """Return the verdicts, with the reasons that were found before training."""
    return {p: v if v.done else module.edges.verdicts.get(p, v) for p, v in verdicts.items()} | {
        p: v for p, v in module.edges.verdicts.items() if p not in verdicts
    }


def with_constants(ready: FloatModel, place: int, values: Mapping[int, np.ndarray]) -> FloatModel:
    """Return a prepared model with other constants in a subgraph, given by the numbers of the tensors."""
    edit = ModelEdit(ready.model)
    for index, data in values.items():
        edit.graphs[place].change(index, data=data)
    # Numbers stay: nothing is added, and all that is there is named.
    return attrs.evolve(ready, model=edit.model())


def with_trained_ranges(module: TrainableModel, calibration: Calibration) -> Calibration:
    """Return a calibration of the ranges that training came to."""
    names, seen = tensor_keys(module.edges.ready.model), dict(calibration.tensors)
    for (index, dtype), key in module.edges.keys.items():
        shared = module.edges.scales[key]
        if not shared.is_fixed:
            low, high = module.scale_of(key).ends
            if dtype == "int16":  # whose lowest integer is farther from 0 than the scale asks for
                low = -high
            seen[names[module.edges.place, index]] = TensorStatistics(low, high, low, high, samples=1)
    return Calibration(seen, "minmax")


def _store_weights(module: TrainableModel, graph: GraphEdit) -> None:
    """Store weights in the steps that they were trained with."""
    for node in graph.nodes:
        stored = StoredProduct.of(graph, node)
        if stored is None or node.source is None:
            continue
        scale = module.steps_of_weights(node.source.index, 1)
        if scale is None or not scale.is_own:
            continue
        weights = torch.from_numpy(np.array(stored.product.weights))
        least = torch.tensor(np.array(np.broadcast_to(stored.least_steps, stored.steps.shape)).reshape(-1))
        with torch.no_grad():
            steps = scale.steps(weights, least.to(torch.float32))
            rounded = scale(weights, steps).numpy().astype(np.float64)
        wide = steps.numpy().astype(np.float64).reshape(stored.steps.shape)
        stored.write(np.rint(stored.product.matrix(rounded) / wide), wide)
        stored.write_bias(stored.bias)
