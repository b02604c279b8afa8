"""A model of floats trained while its weights are pruned or clustered, and what became of each layer."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from delegraph import Model

from .bounds import model_of
from .compress import CompressedModel, compressed_model, counted_weights, weight_layers
from .compress.significand import ALL, round_layers, rounding_note
from .prepared import FloatModel
from .train import WeightConstraint, train
from .writer import ModelEdit


def train_compressed(
    model: Model | str | os.PathLike[str],
    data: Any,
    constraints: Mapping[int | str, WeightConstraint],
    told: str,
    *,
    begin: Model | None = None,
    significand: int = ALL,
    progress: Callable[[int, int], None] = lambda done, of: None,
    **settings: Any,
) -> CompressedModel:
    """Return a model trained with constraints: to give what it gave, or labels.

    :param constraints: by the number of the tensor in the prepared model
    :param told: what is asked for, in words
    :param begin: the model with which training begins, of the same layers; None: with the model itself
    :param significand: round the constrained weights to so many significant bits in the end
    :param progress: called with the number of steps that are done, and of all
    :param settings: those of ``train``; no samples are held back: the last step has all that is asked for
    """
    given = model_of(model)
    found = train(
        given if begin is None else begin, data, teacher=given, bits=None, held_back=0.0,
        constraints=dict(constraints),
        progress=lambda done: progress(done.step, done.steps), **settings,
    )  # fmt: skip
    ready, begun = FloatModel.of(given), FloatModel.of(given if begin is None else begin)
    before = weight_layers(ready, ModelEdit(ready.model))
    edit = ModelEdit(found.model)
    after = weight_layers(begun, edit)
    asked = [id(layer) for layer in after if layer.tensor.index in constraints]
    for layer, was in zip(after, before, strict=True):
        layer.before = was.weights
    round_layers([layer for layer in after if id(layer) in asked], significand)
    outcomes = counted_weights(after, dict.fromkeys(asked, f"{told}, trained"))
    ready.notes.extend(rounding_note(significand, is_asked=True))
    return compressed_model(given, ready, edit, f"{told}, trained", outcomes)
