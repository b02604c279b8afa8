"""A model of floats trained while its weights are pruned or clustered, and what became of each layer.

One shot comes first, on the samples that are trained on: it is epoch 0 of the training, so that the model
that is kept is never worse than it, as samples see it that neither has seen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import evolve
from delegraph import Model

from .bounds import model_of
from .calibrate import read_samples
from .calibrate.samples import ReadSamples, of_signature, place_of
from .compress import (
    CompressedModel,
    WeightLayer,
    WeightOutcome,
    compressed_model,
    counted_weights,
    weight_layers,
    with_stored,
)
from .compress.significand import ALL, rounding_note
from .prepared import FloatModel
from .pruning import store_sparse
from .train import WeightConstraint, train
from .train.course import Course, Told
from .train.rounded_weights import RoundedWeights
from .writer import ModelEdit

Constraints = Mapping["int | str", WeightConstraint]


def train_compressed(
    model: Model | str | os.PathLike[str],
    data: Any,
    one_shot: Callable[[ReadSamples], CompressedModel],
    constraints: Callable[[Model | CompressedModel], Constraints],
    *,
    is_gradual: bool = False,
    significand: int = ALL,
    sparse: bool = False,
    augment: Sequence[str] = (),
    seed: int = 0,
    held_back: float = 0.1,
    signature: str | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    samples: int | None = None,
    progress: Told = lambda done: None,
    **settings: Any,
) -> CompressedModel:
    """Return a model trained with constraints: to give what it gave, or labels.

    :param one_shot: makes the model smaller without training, on the samples that it gets
    :param constraints: gives those of the model with which training begins, by the number of the tensor in
        the prepared model
    :param is_gradual: training begins with the model itself, which becomes smaller meanwhile; else with
        what ``one_shot`` made
    :param significand: keep what is made smaller at so many significant bits
    :param sparse: store weights as sparse tensors, where that takes fewer bytes
    :param settings: more of those of ``train``
    """
    given = model_of(model)
    read = ReadSamples(
        read_samples(given, of_signature(data, signature), mean=mean, std=std, limit=samples)
    )
    plan = Course(seed=seed, held_back=held_back, augment=tuple(augment))
    plan.check()
    begin = one_shot(plan.shown(given, signature, read))
    place = place_of(given, signature)
    source, kept = (given, constraints(given)) if is_gradual else (begin.model, constraints(begin))
    if significand < ALL:
        some = set(kept) if is_gradual else set(kept) | _changed(begin, place)
        kept = {index: RoundedWeights(significand, kept.get(index)) for index in some}
    found = train(
        source, read, teacher=given, first=begin.model if is_gradual else None, bits=None,
        constraints=kept, augment=augment, seed=seed, held_back=held_back, signature=signature,
        progress=progress, **settings,
    )  # fmt: skip

    def done(layer: WeightLayer, outcome: WeightOutcome) -> str:
        is_trained = layer.subgraph == place
        if is_gradual:
            is_one = is_trained and layer.tensor.index in kept
            return f"{begin.report.asked}, trained" if is_one else ""
        return f"{outcome.done}, trained" if is_trained and outcome.done else outcome.done

    made = begin
    if found.kept_epoch:
        made = _trained(given, begin, FloatModel.of(source), found.model, done, significand, sparse)
    return evolve(made, report=evolve(made.report, training=found.history))


def _changed(begin: CompressedModel, place: int) -> set[int]:
    """Return the numbers of the weights of a subgraph that one shot changed."""
    ready = FloatModel.of(begin.model)
    pairs = zip(weight_layers(ready, ModelEdit(ready.model)), begin.report.outcomes, strict=True)
    return {layer.tensor.index for layer, outcome in pairs if outcome.done and layer.subgraph == place}


def _trained(
    given: Model,
    begin: CompressedModel,
    source: FloatModel,
    found: Model,
    done: Callable[[WeightLayer, WeightOutcome], str],
    significand: int,
    sparse: bool,
) -> CompressedModel:
    """Return a trained model with what became of each layer of the given one.

    :param source: with which training began
    :param done: says what was done to a layer, of it and of what one shot did to it
    """
    ready, edit = FloatModel.of(given), ModelEdit(found)
    layers = weight_layers(source, edit)
    told: dict[int, str] = {}
    before = weight_layers(ready, ModelEdit(ready.model))
    for layer, was, outcome in zip(layers, before, begin.report.outcomes, strict=True):
        layer.before, layer.index, layer.reason = was.weights, was.index, outcome.reason
        told[id(layer)] = done(layer, outcome)
    outcomes = counted_weights(layers, told)
    if sparse:
        outcomes = with_stored(outcomes, layers, store_sparse(layers))
    ready.notes.extend(rounding_note(significand, is_asked=True))
    asked, channels = f"{begin.report.asked}, trained", begin.report.channels
    return compressed_model(given, ready, edit, asked, outcomes, channels)
