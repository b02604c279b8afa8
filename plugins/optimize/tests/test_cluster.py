"""Weights share a few values, and keep them and their zeros while they are quantized."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, InputError, Model
from delegraph_optimize import LayerRule, cluster, prune, quantize
from delegraph_optimize.clustering.kmeans import STARTS, centroids_of, nearest
from delegraph_optimize.schemes.numbers import quantized_weights
from small import dense_net, floats


def product(weights: np.ndarray) -> Model:
    g = Builder()
    x, w = g.input((1, weights.shape[1]), "float32", "x"), g.constant(weights, name="w")
    return g.model([g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, len(weights)), "float32")])])


def weights_of(model: Model, op: int = 0) -> np.ndarray:
    """Return the weights of the n-th op that has some."""
    some = [o for o in model.subgraphs[0].ops if o.name == "FULLY_CONNECTED"]
    tensor = some[op].inputs[1]
    assert tensor is not None
    assert tensor.data is not None
    return tensor.data


@pytest.mark.parametrize("start", list(STARTS))
def test_values_are_the_means_of_what_is_nearest_to_them(start: str) -> None:
    numbers = np.concatenate([floats(300), floats(100) + 4, floats(200) * 0.1 - 3])
    found = centroids_of(numbers, 8, start, np.random.default_rng(1))
    places = nearest(numbers, found)
    assert len(found) == 8
    for place in np.unique(places):
        assert np.isclose(found[place], numbers[places == place].mean())
    assert np.array_equal(places, np.abs(numbers[:, None] - found).argmin(axis=1))


def test_kmeans_weighs_numbers() -> None:
    found = centroids_of(
        np.array([0.0, 1.0, 10.0]), 2, "linear", np.random.default_rng(0), np.array([3.0, 1.0, 1.0])
    )
    assert found.tolist() == [0.25, 10.0]


@pytest.mark.parametrize("start", list(STARTS))
def test_a_zero_that_is_kept_is_a_value(start: str) -> None:
    numbers = np.where(floats(400) > 0, floats(400) + 5, np.float32(0))
    found = centroids_of(numbers, 4, start, np.random.default_rng(1), keep_zero=True)
    assert 0 in found
    assert len(found) <= 4


@pytest.mark.parametrize("with_samples", [False, True])
@pytest.mark.parametrize("per", ["tensor", "channel"])
@pytest.mark.parametrize("init", list(STARTS))
def test_weights_have_so_many_values(per: str, init: str, with_samples: bool) -> None:
    data = floats(32, 1, 64) if with_samples else None
    found = cluster(dense_net(), 8, per=per, init=init, data=data)
    for op, outcome in enumerate(found.report.outcomes):
        weights = weights_of(found.model, op)
        most = max(len(np.unique(row)) for row in weights)
        assert (outcome.values, outcome.channel_values) == (len(np.unique(weights)), most)
        assert (len(np.unique(weights)) if per == "tensor" else most) <= 8


def test_few_values_stay_as_they_are() -> None:
    given = np.array([[1, 2, 3, 0], [3, 2, 1, 0]], np.float32)
    assert weights_of(cluster(product(given), 4).model).tolist() == given.tolist()
    given = np.ones((2, 3), np.float32)
    assert weights_of(cluster(product(given), 2, keep_zeros=True).model).tolist() == given.tolist()


def test_on_samples_the_products_stay_nearer_to_what_they_were() -> None:
    x = floats(200, 24) @ floats(24, 24)
    given = floats(10, 24)
    lost = []
    for data in (None, x[:, None]):
        made = weights_of(cluster(product(given), 4, data=data).model)
        lost.append(np.square((x - x.mean(axis=0)) @ (made - given).T).mean())
    assert lost[1] < 0.75 * lost[0]


@pytest.mark.parametrize("with_samples", [False, True])
def test_zeros_are_kept_where_there_are_many(with_samples: bool) -> None:
    data = floats(32, 1, 64) if with_samples else None
    pruned = prune(dense_net(), 0.6, data=data).model
    kept = cluster(pruned, 4, data=data).model
    lost = cluster(pruned, 2, keep_zeros=False, data=data).model
    for op in range(2):
        zeros = weights_of(pruned, op) == 0
        assert not weights_of(kept, op)[zeros].any()
        assert len(np.unique(weights_of(kept, op))) <= 4
    assert any(weights_of(lost, op)[weights_of(pruned, op) == 0].any() for op in range(2))


def test_the_same_seed_gives_the_same_file() -> None:
    model, data = dense_net(), floats(16, 1, 64)
    assert cluster(model, data=data, seed=2).content == cluster(model, data=data, seed=2).content
    assert cluster(model, init="random", seed=2).content != cluster(model, init="random", seed=3).content


def test_rules_choose_layers() -> None:
    first, second = cluster(dense_net(), rules=[LayerRule(index=(0,), clusters=3)]).report.outcomes
    assert (first.values, second.values) == (3, 16)
    first, second = cluster(dense_net(), rules=[LayerRule(name="z", skip=True)]).report.outcomes
    assert (first.values, second.reason) == (16, "a rule says so")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"clusters": 1}, "clusters needs a number from 2 to 65536, found 1"),
        ({"rules": [LayerRule(clusters=0)]}, "found 0"),
        ({"per": "layer"}, "per needs one of tensor, channel, found 'layer'"),
        ({"init": "best"}, "init needs one of kmeans"),
        ({"data": []}, "at least one sample"),
    ],
)
def test_what_cannot_be_done_is_said(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        cluster(dense_net(), **asked)


@pytest.mark.parametrize("per", ["tensor", "channel"])
@pytest.mark.parametrize("scheme", ["int8", "dynamic", "weights", "float16"])
def test_pruned_clustered_and_quantized_weights_keep_zeros_and_values(scheme: str, per: str) -> None:
    """8 bits a channel, without a zero point: a zero stays, and equal weights of a unit stay equal."""
    data = floats(32, 1, 64)
    stages = [prune(dense_net(), 0.5, per="layer", data=data).model]
    stages.append(cluster(stages[0], 8, per=per, data=data).model)
    stages.append(quantize(stages[1], scheme, data=data if scheme == "int8" else None, least=1).model)
    for op, least in ((0, 1024), (1, 64)):
        pruned, clustered = (weights_of(m, op) for m in stages[:2])
        zeros = pruned == 0
        assert zeros.sum() == least
        stored = _stored(stages[2], clustered.shape)
        assert not clustered[zeros].any()
        assert not stored[zeros].any()
        most = max(len(np.unique(row)) for row in clustered)
        assert most <= 8
        assert max(len(np.unique(row)) for row in stored) <= most
        if per == "tensor":
            assert len(np.unique(stored)) <= 8


def test_few_values_have_one_scale_where_it_holds_them() -> None:
    rng = np.random.default_rng(1)
    values = np.array([0.0, 0.1, -0.2, 0.25, 1.0], np.float32)
    near = rng.choice(values[:4], (8, 64))
    stored, found = quantized_weights(np.concatenate([near, near * 0 + values[4]]), 0)
    assert set(found.scale) == {np.float32(1 / 127)}
    assert sorted(np.unique(stored)) == [-25, 0, 13, 32, 127]
    # beside 100, a step of which is 0.79, the others are all 0: they keep a scale of their own
    stored, found = quantized_weights(np.concatenate([near, near * 0 + 100]), 0)
    np.testing.assert_allclose(stored * found.scale[:, None], [*near, *(near * 0 + 100)], atol=0.0011)
    # as many values as a channel may have, each a few times: no clusters
    some = rng.choice(np.linspace(-1, 1, 65, dtype=np.float32), (2, 2048)) * [[1], [0.1]]
    assert len(set(quantized_weights(some, 0)[1].scale)) == 2


def _stored(model: Model, shape: tuple[int, ...]) -> np.ndarray:
    """Return the only constant of a shape."""
    (found,) = (t.data for t in model.subgraphs[0].tensors if t.data is not None and t.shape == shape)
    return found
