"""What pruning and clustering share: a model's weights, rules for some of them, what became of each."""

from __future__ import annotations

from .compressed import (
    CompressedModel,
    check_layers,
    compressed_model,
    counted_weights,
    layers_to_train,
    with_stored,
)
from .layer_rules import LayerRule, layer_rules
from .on_samples import Change, OnSamples, Told, change_on_samples, is_mendable, kept_samples, own_bias
from .report import CompressionReport, KeptChannels, WeightOutcome
from .weight_layer import WeightLayer, weight_layers

__all__ = [
    "Change",
    "CompressedModel",
    "CompressionReport",
    "KeptChannels",
    "LayerRule",
    "OnSamples",
    "Told",
    "WeightLayer",
    "WeightOutcome",
    "change_on_samples",
    "check_layers",
    "compressed_model",
    "counted_weights",
    "is_mendable",
    "kept_samples",
    "layer_rules",
    "layers_to_train",
    "own_bias",
    "weight_layers",
    "with_stored",
]
