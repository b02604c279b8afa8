"""A model of floats trained while its weights are pruned or clustered, and what became of each layer."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from delegraph import Model

from .bounds import model_of
from .compress import (
    CompressedModel,
    WeightLayer,
    compressed_model,
    counted_weights,
    weight_layers,
    with_stored,
)
from .compress.significand import ALL, round_layers, rounding_note
from .prepared import FloatModel
from .pruning import store_sparse
from .train import WeightConstraint, train
from .writer import ModelEdit


def train_compressed(
    model: Model | str | os.PathLike[str],
    data: Any,
    constraints: Mapping[int | str, WeightConstraint],
    told: str,
    *,
    begin: CompressedModel | None = None,
    significand: int = ALL,
    sparse: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
    **settings: Any,
) -> CompressedModel:
    """Return a model trained with constraints: to give what it gave, or labels.

    :param constraints: by the number of the tensor in the prepared model
    :param told: what is asked for, in words
    :param begin: what was made of the model, with which training begins; None: with the model itself
    :param significand: round what was made smaller to so many significant bits in the end
    :param sparse: store weights as sparse tensors, where that takes fewer bytes
    :param progress: called with the number of steps that are done, and of all
    :param settings: those of ``train``; no samples are held back: the last step has all that is asked for
    """
    given = model_of(model)
    first = given if begin is None else begin.model
    found = train(
        first, data, teacher=given, bits=None, held_back=0.0,
        constraints=dict(constraints),
        progress=lambda done: progress(done.step, done.steps), **settings,
    )  # fmt: skip
    ready, edit = FloatModel.of(given), ModelEdit(found.model)
    before = weight_layers(ready, ModelEdit(ready.model))
    after = weight_layers(FloatModel.of(first), edit)
    for layer, was in zip(after, before, strict=True):
        layer.before, layer.index = was.weights, was.index
    done = _done(after, constraints, told, begin)
    round_layers([layer for layer in after if id(layer) in done], significand)
    outcomes = counted_weights(after, {key: f"{what}, trained" for key, what in done.items()})
    if sparse:
        outcomes = with_stored(outcomes, after, store_sparse(after))
    ready.notes.extend(rounding_note(significand, is_asked=True))
    channels = () if begin is None else begin.report.channels
    return compressed_model(given, ready, edit, f"{told}, trained", outcomes, channels)


def _done(
    layers: Sequence[WeightLayer],
    constraints: Mapping[int | str, WeightConstraint],
    told: str,
    begin: CompressedModel | None,
) -> dict[int, str]:
    """Return what was done to layers besides training, by their ``id``; the others are told why not."""
    if begin is None:
        return {id(layer): told for layer in layers if layer.tensor.index in constraints}
    pairs = list(zip(layers, begin.report.outcomes, strict=True))
    for layer, outcome in pairs:
        layer.reason = outcome.reason
    return {id(layer): outcome.done for layer, outcome in pairs if outcome.done}
