"""Prune a model: by the size of weights, or so that on samples the others make up for those that go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve
from delegraph import Delegate, InputError, Model

from ..bounds import model_of
from ..calibrate import read_samples
from ..compress import (
    Change,
    CompressedModel,
    LayerRule,
    OnSamples,
    Told,
    WeightLayer,
    change_on_samples,
    check_layers,
    compressed_model,
    counted_weights,
    is_mendable,
    kept_samples,
    layer_rules,
    weight_layers,
    with_stored,
)
from ..compress.significand import ALL, OF_SAMPLES, check_significand, round_layers, rounding_note
from ..prepared import FloatModel
from ..writer import ModelEdit
from .asked import FEW, AskedPruning, Pruning
from .reconstruct import reconstructed
from .reordered import reorder_channels
from .shared_out import shared_out, watcher
from .stored_sparse import store_sparse
from .structured import prune_channels

SAMPLES = 512  # that are kept of those that are given


def prune(
    model: Model | str | os.PathLike[str],
    sparsity: float | None = None,
    *,
    pattern: str = "unstructured",
    per: str | None = None,
    data: Any = None,
    rules: str | os.PathLike[str] | Iterable[LayerRule] | None = None,
    sparse: bool = False,
    structured: bool = False,
    keep_order: bool = False,
    significand: int | None = None,
    engine: str | Delegate = "reference",
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    samples: int | None = None,
    seed: int = 0,
    progress: Told = lambda done, of: None,
) -> CompressedModel:
    """Return a model of which a share of each layer's weights is zero.

    :param model: a model of floats, or a quantized one: its float view is pruned then.
    :param sparsity: the share, from 0 to less than 1; None: a half, or what the pattern says.
    :param pattern: where zeros may be: ``"unstructured"``; ``"block:HxW"``: in blocks of H units and W
        inputs; ``"M:N"``: M of N neighbouring inputs (of a convolution: channels).
    :param per: whose share it is: each ``"layer"`` loses it, or the ``"model"``: layers that can spare
        more, as samples say, lose more. None: the model's where there are samples, the pattern is not M:N
        and no channels go. Of channels, as many weights go as if each layer lost that share: those of
        layers that have many, with which less time goes.
    :param data: samples without labels; the weights that stay make up on them for those that go. None: the
        smallest weights go, and the others stay as they are.
    :param rules: something else for some layers: a TOML file, or :class:`LayerRule` values.
    :param sparse: store weights as sparse tensors where that takes fewer bytes.
    :param structured: take out whole channels, from what makes them to what reads them; the sparsity is the
        share of them.
    :param keep_order: of M:N: leave channels where they are. Else those that no caller sees get another
        order, in all that makes and reads them, in which zeros cost less; the model computes the same.
    :param significand: round weights to so many significant bits, from 4 to 24: fewer compress better.
        None: those that samples gave to 16, which is far finer than samples tell; the others stay as they
        are.
    :param engine: the delegate that runs the model on the samples.
    :param mean: of the pixels of images, with ``std``: real = (pixel - mean) / std.
    :param samples: use so many at most.
    :param seed: of the samples and places that are looked at.
    :param progress: called with the number of layers that are done, and of all.
    :raises InputError: an argument is none of these, or there is nothing to prune.
    """
    asked = AskedPruning(sparsity, pattern, layer_rules(rules, ("sparsity", "pattern")), per)
    asked.check()
    check_significand(significand)
    _check_structured(structured, sparse, pattern)
    if per == "model" and data is None:
        raise InputError("per 'model' needs samples, which say what each layer can spare")
    given = model_of(model)
    ready = FloatModel.of(given)
    edit = ModelEdit(ready.model)
    layers = weight_layers(ready, edit)
    check_layers(layers, "prune")
    bits = significand or (ALL if data is None else OF_SAMPLES)
    ready.notes.extend(rounding_note(bits, significand is not None))
    kept = None
    if data is not None:
        kept = kept_samples(read_samples(given, data, mean=mean, std=std, limit=samples), seed, SAMPLES)

    def on_samples(some: Sequence[WeightLayer], change: Change) -> set[int]:
        assert kept is not None
        return change_on_samples(
            ready.model, edit, kept, some, change, is_careful=not structured, bits=bits,
            engine=engine, seed=seed, progress=progress,
        )  # fmt: skip

    if structured:
        with_samples = None if kept is None else on_samples
        share = Pruning.of(sparsity, pattern).share
        shared = share if per == "model" else None
        done, channels = prune_channels(edit, layers, _of_channels(layers, asked), shared, with_samples)
        told = f"{100 * share:g} % of channels pruned"
        if significand is not None:
            round_layers([layer for layer in layers if done.get(id(layer))], significand)
        return compressed_model(given, ready, edit, told, counted_weights(layers, done), channels)
    wanted = _wanted(layers, asked)
    if not keep_order:
        moved = reorder_channels(edit, layers, wanted, None if kept is None else on_samples, seed)
        if moved:
            told = f"channels put in an order in which zeros cost less: {moved} groups of them"
            ready = evolve(ready, model=edit.model(), notes=[*ready.notes, told])
            edit = ModelEdit(ready.model)
            layers = weight_layers(ready, edit)
            wanted = _wanted(layers, asked)
    some = [layer for layer in layers if id(layer) in wanted]
    if kept is not None and per != "layer":
        _share_out(some, wanted, Pruning.of(sparsity, pattern).share, on_samples)
    few = [layer for layer in layers if layer.reason == FEW]  # they make up for what they read
    mended = set() if kept is None else on_samples([*some, *few], _mender(wanted))
    done = {}
    for layer in layers:
        if id(layer) in wanted:
            done[id(layer)] = _told(layer, wanted[id(layer)], id(layer) in mended, data is not None)
    if significand is not None:
        round_layers([layer for layer in layers if id(layer) in done], significand)
    outcomes = counted_weights(layers, done)
    if sparse:
        outcomes = with_stored(outcomes, layers, store_sparse(layers))
    return compressed_model(given, ready, edit, f"pruned {Pruning.of(sparsity, pattern)}", outcomes)


def _share_out(
    layers: Sequence[WeightLayer], wanted: dict[int, Pruning], share: float, on_samples: OnSamples
) -> None:
    """Give layers shares as they can spare, but for those that have one of their own."""
    some = [layer for layer in layers if is_mendable(layer) and not wanted[id(layer)].is_own]
    losses: dict[int, np.ndarray] = {}
    if not some:
        return
    on_samples(some, watcher(wanted, losses))
    counts = {id(layer): layer.weights.size for layer in some if id(layer) in losses}
    for key, own in shared_out(counts, losses, share).items():
        wanted[key] = evolve(wanted[key], share=own)


def _check_structured(structured: bool, sparse: bool, pattern: str) -> None:
    if structured and sparse:
        raise InputError("structured pruning leaves no zeros to store sparse: one or the other")
    if structured and pattern != "unstructured":
        raise InputError(
            f"structured pruning takes out whole channels: pattern {pattern} does not go with it"
        )


def _of_channels(layers: Iterable[WeightLayer], asked: AskedPruning) -> dict[int, Pruning]:
    """Return what each layer is to lose of its channels, by its ``id``; others are told why not."""
    wanted = {}
    for layer in layers:
        found = asked.of(layer)
        if isinstance(found, Pruning):
            wanted[id(layer)] = found
        elif found != FEW:  # a depthwise convolution has the channels that it is given
            layer.reason = found
    return wanted


def _mender(wanted: Mapping[int, Pruning]) -> Change:
    """Return what prunes a layer so that the weights that stay make up for those that go.

    A layer of which nothing is wanted makes up for what the layers before it lost.
    """

    def change(layer: WeightLayer, weights: np.ndarray, squares: np.ndarray) -> np.ndarray:
        asked = wanted.get(id(layer))
        if asked is None:
            return weights
        rest = asked.pattern, asked.share, layer.row
        return np.stack([reconstructed(w, a, *rest) for w, a in zip(weights, squares, strict=True)])

    return change


def _wanted(layers: Iterable[WeightLayer], asked: AskedPruning) -> dict[int, Pruning]:
    """Return what each layer is to lose, by its ``id``; the others are told why not."""
    wanted = {}
    for layer in layers:
        found = asked.of(layer)
        if isinstance(found, Pruning):
            wanted[id(layer)] = found
        else:
            layer.reason = found
    return wanted


def _told(layer: WeightLayer, pruning: Pruning, is_mended: bool, with_samples: bool) -> str:
    """Prune a layer by the size of its weights, unless samples did; return what was done."""
    if is_mended:
        return f"{pruning}, reconstructed"
    by_size(layer, pruning)
    return f"{pruning}, by size" if with_samples else str(pruning)


def by_size(layer: WeightLayer, pruning: Pruning) -> None:
    """Make the smallest weights of a layer zero."""
    matrix = layer.matrix
    groups = pruning.pattern.groups(matrix.shape[1], layer.row)
    gone = pruning.pattern.removed(np.abs(matrix), groups, pruning.share)
    layer.write(np.where(gone, np.float32(0), matrix))
