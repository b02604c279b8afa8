"""Layers changed one after the other on samples, each as what it reads has become of the layers before."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen
from delegraph import Delegate, InputError, Model

from ..bounds import budget
from ..calibrate import Samples
from ..improve import KeptSamples, engines_of
from ..improve.bias_correction import mean_row
from ..improve.gptq import DAMPING, damped_squares
from ..improve.lockstep import LockStep, lockstep
from ..improve.product import BIAS, OPS, WeightedProduct
from ..improve.reached import looked_at, reached
from ..improve.weights import some_rows
from ..writer import LEFT_OUT, ModelEdit
from .made_up import best_damping, moved, widening
from .significand import ALL, rounded
from .weight_layer import WeightLayer

ROWS = 8192  # of what a layer reads that are looked at
_MOST_VALUES = 1 << 23  # of such rows of a layer of several groups
MOST_DEPTH = 8192  # of a layer: a matrix of so many rows and columns has half a gigabyte
# Gets a layer, weights (groups, units, depth) and XᵀX of what they read, damped, (groups, depth, depth);
# returns the weights that it is to have, or None: those that it has.
Change = Callable[[WeightLayer, np.ndarray, np.ndarray], "np.ndarray | None"]
# Shows layers to that; returns those whose weights it changed, by their ``id``.
OnSamples = Callable[[Sequence[WeightLayer], Change], "set[int]"]
Told = Callable[[int, int], None]  # gets the number of layers that are done, and of all


def kept_samples(samples: Samples, seed: int, most: int) -> KeptSamples:
    """Return some of the samples, drawn by chance.

    :raises InputError: there are none
    """
    kept = KeptSamples(seed, most)
    for _ in kept.of(samples):
        pass
    if not kept.samples:
        raise InputError("data need at least one sample, found none")
    return kept


def change_on_samples(
    floats: Model,
    edit: ModelEdit,
    kept: KeptSamples,
    layers: Sequence[WeightLayer],
    change: Change,
    *,
    is_careful: bool = False,
    has_values: bool = False,
    bits: int = ALL,
    engine: str | Delegate = "reference",
    seed: int = 0,
    progress: Told = lambda done, of: None,
) -> set[int]:
    """Change the weights of layers that are products; return those that were changed, by their ``id``.

    :param floats: the model that is being edited, as it was
    :param is_careful: some samples judge how far weights go to make up for what is lost of the others, and
        units vary as much as they did
    :param has_values: what is made has few values: wider weights are changed once more, not multiplied
    :param bits: round what is made to so many significant bits: the layers behind make up for that, too
    """
    engines, work = engines_of(engine), _Work(change, seed, is_careful, has_values, bits)
    done: set[int] = set()
    by_node = {id(layer.node): layer for layer in layers if layer.place == 1}
    later = kept.later_by_subgraph(floats)
    for one in reached(floats, edit, looked_at(floats, kept), engines, seed):
        graphs = floats.subgraphs[one.place], edit.graphs[one.place]
        more = () if any(one.called) else later.get(one.place, ())
        for step in lockstep(*graphs, one.samples, engines, one.called, more):
            layer = by_node.get(id(step.node))
            if layer is None or not is_mendable(layer) or step.floats is None or step.found is None:
                continue
            product = WeightedProduct.of(step.op)
            if product is None:
                continue
            work.on(layer, product, step)
            done.add(id(layer))
            progress(len(done), len(by_node))
    return done


def is_mendable(layer: WeightLayer) -> bool:
    """Say whether a layer's weights are its own, not too many for a unit, and its bias is a constant."""
    bias = _bias(layer)
    told = bias == LEFT_OUT or layer.graph.is_constant(bias)
    most = min(MOST_DEPTH, math.isqrt(budget().max_total_bytes // 16))  # XᵀX and its inverse, float64
    return layer.node.name in OPS and told and not layer.is_shared and layer.matrix.shape[1] <= most


def _bias(layer: WeightLayer) -> int:
    inputs = layer.node.inputs
    return inputs[BIAS] if len(inputs) > BIAS else LEFT_OUT


@frozen
class _Work:
    """What is done to each layer, with the arguments of ``change_on_samples``."""

    change: Change
    seed: int
    is_careful: bool
    has_values: bool
    bits: int

    def on(self, layer: WeightLayer, product: WeightedProduct, step: LockStep) -> None:
        """Change so that what is read now gives what floats gave, but for the mean: the bias has that."""
        assert step.floats is not None
        assert step.found is not None
        weights = product.matrix(product.weights).astype(np.float64)
        most = ROWS if product.groups == 1 else max(min(ROWS, _MOST_VALUES // weights[:, 0].size), 1)
        floats, found = some_rows(product, (step.floats, step.found), self.seed, most)
        before, now = (v - v.mean(axis=1, keepdims=True, dtype=np.float64) for v in (floats, found))
        made = self._made(layer, weights, before, now, len(step.found))
        if made is None:
            return
        made = rounded(made, self.bits)
        layer.write(made.reshape(-1, made.shape[2]))
        bias = mean_row(product, step.floats) @ weights.transpose(0, 2, 1)
        bias = bias - mean_row(product, step.found) @ made.transpose(0, 2, 1)
        _add_to_bias(layer, bias.reshape(-1))

    def _made(
        self, layer: WeightLayer, weights: np.ndarray, before: np.ndarray, now: np.ndarray, samples: int
    ) -> np.ndarray | None:
        """Return a layer's new weights, of rows without their mean; None: it keeps those that it has."""
        is_careful = self.is_careful
        shares = (best_damping(weights, before, now, samples), 0.0) if is_careful else DAMPING
        squares = damped_squares(now, shares)
        wanted = moved(weights, before, now, squares)
        made = self.change(layer, wanted, squares)
        if made is None or not is_careful:
            return made
        by = widening(made, weights, before, now)
        if not self.has_values:
            return np.asarray(made * by)
        again = self.change(layer, wanted * by, squares)
        return made if again is None else again


def _add_to_bias(layer: WeightLayer, values: np.ndarray) -> None:
    bias = own_bias(layer)
    was = np.asarray(layer.graph.data(bias), np.float64)
    layer.graph.change(bias, data=(was + values).astype(np.float32))


def own_bias(layer: WeightLayer) -> int:
    """Return the bias of a layer; it gets one of zeros if it has none, and its own if another op has it."""
    graph, node, bias = layer.graph, layer.node, _bias(layer)
    if bias != LEFT_OUT and sum(bias in n.reads for n in graph.nodes) == 1 and node.inputs.count(bias) == 1:
        return bias
    name = f"{graph.tensors[node.outputs[0]].name}_bias" if bias == LEFT_OUT else graph.tensors[bias].name
    values = np.zeros(len(layer.matrix)) if bias == LEFT_OUT else np.array(graph.data(bias))
    node.inputs += [LEFT_OUT] * (BIAS + 1 - len(node.inputs))
    node.inputs[BIAS] = graph.add(name, "float32", data=values.astype(np.float32))
    return node.inputs[BIAS]
