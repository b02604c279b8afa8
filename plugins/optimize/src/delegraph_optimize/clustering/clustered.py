"""Cluster a model: each weight becomes the nearest of a few values, or on samples what the others need."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from delegraph import Delegate, Model

from ..bounds import model_of
from ..calibrate import read_samples
from ..compress import (
    Change,
    CompressedModel,
    LayerRule,
    Told,
    WeightLayer,
    change_on_samples,
    check_layers,
    compressed_model,
    counted_weights,
    kept_samples,
    layer_rules,
    weight_layers,
)
from ..prepared import FloatModel
from ..writer import ModelEdit
from .asked import AskedClustering
from .shared_values import Clustering

SAMPLES = 512  # that are kept of those that are given


def cluster(
    model: Model | str | os.PathLike[str],
    clusters: int = 16,
    *,
    per: str = "tensor",
    init: str = "kmeans++",
    keep_zeros: bool | None = None,
    data: Any = None,
    rules: str | os.PathLike[str] | Iterable[LayerRule] | None = None,
    engine: str | Delegate = "reference",
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    samples: int | None = None,
    seed: int = 0,
    progress: Told = lambda done, of: None,
) -> CompressedModel:
    """Return a model of which the weights of each layer have few different values.

    :param model: a model of floats, or a quantized one: its float view is clustered then.
    :param clusters: how many values, with the zero that is kept.
    :param per: who shares them: ``"tensor"``: all weights of a layer; ``"channel"``: those of a unit.
    :param init: the values at first: ``"kmeans++"``, ``"linear"``, ``"density"`` or ``"random"``.
    :param keep_zeros: weights that are zero stay so; None: in layers where at least a tenth of them are.
    :param data: samples without labels, on which the layers are to compute what they did. None: each weight
        becomes the nearest value.
    :param rules: something else for some layers: a TOML file, or :class:`LayerRule` values.
    :param engine: the delegate that runs the model on the samples.
    :param mean: of the pixels of images, with ``std``: real = (pixel - mean) / std.
    :param samples: use so many at most.
    :param seed: of the first values, and of the samples and places that are looked at.
    :param progress: called with the number of layers that are done, and of all.
    :raises InputError: an argument is none of these, or there is nothing to cluster.
    """
    asked = AskedClustering(clusters, per, init, keep_zeros, layer_rules(rules, ("clusters",)))
    asked.check()
    given = model_of(model)
    ready = FloatModel.of(given)
    edit = ModelEdit(ready.model)
    layers = weight_layers(ready, edit)
    check_layers(layers, "cluster")
    wanted = _wanted(layers, asked)
    mended: set[int] = set()
    if data is not None:
        kept = kept_samples(read_samples(given, data, mean=mean, std=std, limit=samples), seed, SAMPLES)
        some = [layer for layer in layers if id(layer) in wanted]
        mended = change_on_samples(
            ready.model,
            edit,
            kept,
            some,
            _mender(wanted, seed),
            is_careful=True,
            has_values=True,
            engine=engine,
            seed=seed,
            progress=progress,
        )
    done = {}
    for layer in layers:
        if id(layer) in wanted:
            done[id(layer)] = _told(layer, wanted[id(layer)], id(layer) in mended, data is not None, seed)
    told = f"{clusters} clusters" + (" a channel" if per == "channel" else "")
    return compressed_model(given, ready, edit, told, counted_weights(layers, done))


def _wanted(layers: Iterable[WeightLayer], asked: AskedClustering) -> dict[int, Clustering]:
    """Return what the weights of each layer are to be, by its ``id``; the others are told why not."""
    wanted = {}
    for layer in layers:
        found = asked.of(layer)
        if isinstance(found, Clustering):
            wanted[id(layer)] = found
        else:
            layer.reason = found
    return wanted


def _mender(wanted: Mapping[int, Clustering], seed: int) -> Change:
    """Return what gives a layer few values so that its products stay what they are."""

    def change(layer: WeightLayer, weights: np.ndarray, squares: np.ndarray) -> np.ndarray:
        zeros = layer.matrix.reshape(weights.shape) == 0
        return wanted[id(layer)].on_samples(weights, squares, zeros, np.random.default_rng(seed))

    return change


def _told(layer: WeightLayer, asked: Clustering, is_mended: bool, with_samples: bool, seed: int) -> str:
    """Cluster a layer by its weights alone, unless samples did; return what was done."""
    told = f"{asked.clusters} clusters" + (", zeros kept" if asked.keep_zeros else "")
    if is_mended:
        return f"{told}, reconstructed"
    layer.write(asked.by_size(layer.matrix, np.random.default_rng(seed)))
    return f"{told}, the nearest" if with_samples else told
