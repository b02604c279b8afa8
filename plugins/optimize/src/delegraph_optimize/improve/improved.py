"""A quantized model made better on samples, as far as somebody wishes."""

from __future__ import annotations

from delegraph import Delegate, Model

from ..writer import ModelEdit
from .kept_samples import KeptSamples
from .weights import Told, improve_weights
from .wishes import Wishes


def improve(
    model: Model,
    edit: ModelEdit,
    kept: KeptSamples,
    wishes: Wishes,
    engine: str | Delegate = "reference",
    told: Told = lambda done, of: None,
) -> str:
    """Make the weights and biases of a quantized model better; return a sentence that says what was done.

    :param model: the model of floats that it was made of.
    """
    done = of = 0
    for place, samples in kept.by_subgraph(model).items():
        better, all_ = improve_weights(
            model.subgraphs[place], edit.graphs[place], samples, wishes, engine, told
        )
        done, of = done + better, of + all_
    ways = [f"rounded by {wishes.rounding}"] if wishes.rounding != "nearest" else []
    ways += ["with corrected biases"] if wishes.bias_correction else []
    return f"weights {' and '.join(ways)}: {done} of {of} ops, on {len(kept.samples)} samples"
