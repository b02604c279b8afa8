"""A model with smaller weights, and what was done to make it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
from attrs import evolve, field, frozen
from delegraph import InputError, Model, write_model

from ..bounds import model_of
from ..calibrate.samples import place_of
from ..prepared import FloatModel
from ..report.sizes import compressed
from ..writer import ModelEdit
from ..written import Written
from .report import CompressionReport, KeptChannels, WeightOutcome
from .weight_layer import WeightLayer, weight_layers


@frozen(repr=False)
class CompressedModel(Written):
    """A pruned or clustered model, and what was done to make it."""

    model: Model
    report: CompressionReport
    content: bytes = field(repr=False)  # of the .tflite file


def compressed_model(
    given: Model,
    ready: FloatModel,
    edit: ModelEdit,
    asked: str,
    outcomes: Sequence[WeightOutcome],
    channels: tuple[KeptChannels, ...] = (),
) -> CompressedModel:
    """Return the edited model with its report."""
    made = edit.model()
    before, after = write_model(given), write_model(made)
    sizes = len(before), len(after), compressed(memoryview(before)), compressed(memoryview(after))
    report = CompressionReport(asked, tuple(outcomes), tuple(ready.notes), *sizes, channels)
    return CompressedModel(made, report, after)


def counted_weights(layers: Sequence[WeightLayer], done: Mapping[int, str]) -> list[WeightOutcome]:
    """Return what became of layers; what was done to each comes by its ``id``."""
    return [_outcome(layer, done.get(id(layer), "")) for layer in layers]


def with_stored(
    outcomes: Sequence[WeightOutcome], layers: Sequence[WeightLayer], stored: Mapping[int, str]
) -> list[WeightOutcome]:
    """Return outcomes that say how the weights of layers are stored; that comes by their ``id``."""
    pairs = zip(outcomes, layers, strict=True)
    return [evolve(outcome, stored=stored.get(id(layer), "")) for outcome, layer in pairs]


def _outcome(layer: WeightLayer, done: str) -> WeightOutcome:
    weights, node = layer.weights, layer.node
    return WeightOutcome(
        layer.subgraph,
        layer.index,
        node.name,
        layer.graph.tensors[node.outputs[0]].name,
        layer.before.size,
        int(np.count_nonzero(layer.before == 0)),
        layer.before.size - int(np.count_nonzero(weights)),
        len(np.unique(weights)),
        _channel_values(layer.matrix),
        done,
        reason=layer.reason,
    )


def _channel_values(matrix: np.ndarray) -> int:
    """Return the most different values that a row has."""
    rows = np.sort(matrix, axis=1)
    return int((rows[:, 1:] != rows[:, :-1]).sum(axis=1).max(initial=0)) + 1


def layers_to_train(
    model: Model | CompressedModel | str | os.PathLike[str], signature: str | None, verb: str
) -> list[WeightLayer]:
    """Return the weights of the subgraph that is trained; what rules say is of the model that was given.

    :param model: the model, or what was made of it
    :raises InputError: there are none
    """
    given = model.model if isinstance(model, CompressedModel) else model_of(model)
    ready = FloatModel.of(given)
    layers = weight_layers(ready, ModelEdit(ready.model))
    if isinstance(model, CompressedModel):
        for layer, outcome in zip(layers, model.report.outcomes, strict=True):
            layer.index = outcome.index
    place = place_of(given, signature)
    found = [layer for layer in layers if layer.subgraph == place]
    check_layers(found, verb)
    return found


def check_layers(layers: Sequence[WeightLayer], verb: str) -> None:
    """:raises InputError: there is no layer that something can be done to"""
    if not layers:
        raise InputError(f"nothing to {verb}: no op of the model has constant weights of floats")
