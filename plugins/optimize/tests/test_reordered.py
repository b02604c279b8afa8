"""Channels change places, so that zeros in M of N neighbours cost less; what cannot follow stays."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np
import pytest
from delegraph import Builder, Model, Tensor
from delegraph_optimize import LayerRule, prune, quantize
from delegraph_optimize.pruning import reordered
from delegraph_optimize.pruning.neighbours import Read, best_order
from delegraph_optimize.pruning.pattern import Pattern
from small import computes, floats, whole_lstm


def lost(scores: np.ndarray, order: np.ndarray | tuple[int, ...], pattern: str = "2:4") -> float:
    """What the lowest of each group are together, written out."""
    zeros, of = map(int, pattern.split(":"))
    total = 0.0
    for row in scores[:, list(order)]:
        for start in range(0, len(row), of):
            group = sorted(row[start : start + of])
            total += sum(group[: max(len(group) - (of - zeros), 0)])
    return total


def read(scores: np.ndarray, pattern: str = "2:4") -> Read:
    columns = np.arange(scores.shape[1])[:, None]
    return Read(scores.astype(np.float32), columns, Pattern.parse(pattern), scores.shape[1])


@pytest.mark.parametrize("seed", range(6))
def test_of_eight_channels_the_best_order_is_found(seed: int) -> None:
    """All 35 ways to part them are tried, of layers that both read them."""
    rng = np.random.default_rng(seed)
    layers = [rng.exponential(size=(5, 8)) * rng.exponential(size=8) ** 2 for _ in range(2)]
    ways = [(0, *a, *sorted({*range(1, 8)} - {*a})) for a in combinations(range(1, 8), 3)]
    best = min(sum(lost(scores, way) for scores in layers) for way in ways)
    found = best_order([read(scores) for scores in layers])
    assert sorted(found) == list(range(8))
    assert np.isclose(sum(lost(scores, found) for scores in layers), best, rtol=1e-5)


@pytest.mark.parametrize("pattern", ["1:2", "2:3", "3:5"])
def test_of_other_patterns_and_of_groups_that_are_not_full_the_best_order_is_found(pattern: str) -> None:
    rng = np.random.default_rng(3)
    scores = rng.exponential(size=(2, 7)) * rng.exponential(size=7)
    best = min(lost(scores, way, pattern) for way in permutations(range(7)))
    assert lost(scores, best_order([read(scores, pattern)]), pattern) <= 1.05 * best


def test_channels_that_are_read_at_several_places_move_together() -> None:
    """Of a flatten: the groups of 4 of each place have the same channels, or reach into the next place."""
    rng = np.random.default_rng(0)
    for channels in (8, 6):
        scores = rng.exponential(size=(4, 3 * channels)) * np.tile(rng.exponential(size=channels) ** 3, 3)
        columns = np.arange(3 * channels).reshape(3, channels).T
        found = best_order([Read(scores.astype(np.float32), columns, Pattern.parse("2:4"), 3 * channels)])
        order = columns[found].T.reshape(-1)
        assert lost(scores, order) < 0.97 * lost(scores, np.arange(3 * channels))


def _product(g: Builder, x: Tensor, made: int, name: str, weights: np.ndarray | None = None) -> Tensor:
    assert x.shape is not None
    w = floats(made, x.shape[-1]) * floats(1, x.shape[-1]) ** 3 if weights is None else weights
    inputs = [x, g.constant(w.astype(np.float32)), g.constant(floats(made))]
    return g.op("FULLY_CONNECTED", inputs, [g.tensor((1, made), "float32", name)])  # type: ignore[no-any-return]


def residual_net() -> Model:
    g = Builder()
    stem = _product(g, g.input((1, 24), "float32", "x"), 16, "stem")
    inside = g.op("RELU", [_product(g, stem, 24, "wide")], [g.tensor((1, 24), "float32", "relu")])
    y = g.op("ADD", [stem, _product(g, inside, 16, "back")], [g.tensor((1, 16), "float32", "sum")])
    y = g.op("MUL", [y, g.constant(floats(16))], [g.tensor((1, 16), "float32", "scaled")])
    return g.model([_product(g, y, 3, "z")])


def test_less_is_lost_of_what_a_model_computes() -> None:
    """The first layer has its zeros already: what is lost is what the second one loses."""
    g = Builder()
    first = floats(32, 6, 4) * (np.arange(4) % 2)
    y = _product(g, g.input((1, 24), "float32", "x"), 32, "y", first.reshape(32, 24))
    y = g.op("RELU", [y], [g.tensor((1, 32), "float32", "relu")])
    model, x = g.model([_product(g, y, 16, "z")]), floats(100, 1, 24)
    made = [prune(model, pattern="2:4", data=x, keep_order=keep).model for keep in (False, True)]
    outputs = [np.array([computes(m, x=v)[0] for v in x[:50]]) for m in (model, *made)]
    moved, kept = (np.square(found - outputs[0]).sum() for found in outputs[1:])
    assert moved < 0.8 * kept


def test_a_report_says_how_many_groups_of_channels_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = residual_net(), floats(16, 1, 24)
    found, kept = (prune(model, pattern="2:4", data=x, keep_order=keep) for keep in (False, True))
    assert "in which zeros cost less: 2 groups" in str(found.report)
    assert "zeros cost less" not in str(kept.report)
    assert [o.zeros for o in found.report.outcomes] == [o.zeros for o in kept.report.outcomes]
    monkeypatch.setattr(reordered, "best_order", lambda reads, seed: np.arange(len(reads[0].columns)))
    assert prune(model, pattern="2:4", data=x).content == kept.content


def test_without_samples_the_largest_weights_are_kept() -> None:
    g = Builder()
    y = _product(g, g.input((1, 3), "float32", "x"), 8, "y")
    z = _product(g, y, 2, "z", np.array([[9, 8, 7, 6, 1, 2, 3, 4], [5, 6, 7, 8, 1, 1, 1, 1]]))
    found = prune(g.model([z]), pattern="2:4").model.subgraphs[0].ops[1].inputs[1]
    assert found is not None
    assert found.data is not None
    assert np.sort(found.data).tolist() == [[0, 0, 0, 0, 6, 7, 8, 9], [0, 0, 0, 0, 5, 6, 7, 8]]


def _seen() -> Model:
    g = Builder()
    y = _product(g, g.input((1, 8), "float32", "x"), 8, "y")
    return g.model([y, _product(g, y, 3, "z")])


def _mixed() -> Model:
    """An op that is not followed reads the channels, too."""
    g = Builder()
    y = _product(g, g.input((1, 8), "float32", "x"), 8, "y")
    sums = g.op("CUMSUM", [y, g.constant(np.array(1, np.int32))], [g.tensor((1, 8), "float32", "sums")])
    return g.model([_product(g, y, 3, "z"), sums])


def _counted_together() -> Model:
    g = Builder()
    y = _product(g, g.input((1, 8), "float32", "x"), 8, "y")
    y = g.op("SOFTMAX", [y], [g.tensor((1, 8), "float32", "soft")], beta=1.0)
    return g.model([_product(g, y, 3, "z")])


def _weights_that_others_read() -> Model:
    g = Builder()
    x, w = g.input((1, 8), "float32", "x"), g.constant(floats(8, 8))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 8), "float32", "y")])
    other = g.op("TANH", [w], [g.tensor((8, 8), "float32", "tanh")])
    return g.model([_product(g, y, 3, "z"), other])


def _handed_around() -> Model:
    """Weights that two ops have, one behind the other: what is read is what is given."""
    g = Builder()
    x, w = g.input((1, 8), "float32", "x"), g.constant(floats(8, 8))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 8), "float32", "y")])
    z = g.op("FULLY_CONNECTED", [y, w, None], [g.tensor((1, 8), "float32", "z")])
    return g.model([_product(g, z, 3, "end", floats(3, 8)), z])


@pytest.mark.parametrize(
    "made", [_seen, _mixed, _counted_together, _weights_that_others_read, _handed_around, whole_lstm]
)
def test_what_cannot_follow_stays_where_it_is(made: Callable[[], Model]) -> None:
    model = made()
    assert prune(model, pattern="2:4").content == prune(model, pattern="2:4", keep_order=True).content


def test_weights_that_a_rule_leaves_alone_stay_as_they_are() -> None:
    model = residual_net()
    found = prune(model, pattern="2:4", rules=[LayerRule(index=(1,), skip=True)]).model
    given, stayed = (_weights(m, (24, 16)) for m in (model, found))
    assert np.array_equal(given, stayed)


def _weights(model: Model, shape: tuple[int, ...]) -> np.ndarray:
    (data,) = (t.data for t in model.subgraphs[0].tensors if t.shape == shape and t.data is not None)
    return data


def test_no_channels_move_where_zeros_may_be_anywhere() -> None:
    model = residual_net()
    assert prune(model, 0.5).content == prune(model, 0.5, keep_order=True).content


def test_of_a_quantized_model_the_channels_of_the_float_view_move() -> None:
    small = quantize(residual_net(), "int8", data=floats(32, 1, 24)).model
    report = prune(small, pattern="2:4", data=floats(32, 1, 24)).report
    assert "its float view is what is used" in str(report)
    assert "zeros cost less" in str(report)


def test_the_same_seed_gives_the_same_file() -> None:
    model, data = residual_net(), floats(16, 1, 24)
    assert len({prune(model, pattern="2:4", data=data, seed=5).content for _ in range(2)}) == 1
