"""Whole channels go, from what makes them to what reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, InputError, Model, Tensor
from delegraph_optimize import LayerRule, prune
from small import computes, floats, whole_lstm

SIMPLE = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}


def residual_net() -> Model:
    """A stem, a branch beside it, an ADD of both, a pool, and a product after a flatten."""
    g = Builder()
    x = g.input((1, 4, 4, 3), "float32", "x")
    stem = _conv(g, x, 8, "stem")
    branch = _conv(g, _conv(g, stem, 6, "inside"), 8, "branch")
    y = g.op("ADD", [stem, branch], [g.tensor((1, 4, 4, 8), "float32", "sum")])
    sizes = {"filter_width": 2, "filter_height": 2, "stride_w": 2, "stride_h": 2, "padding": "VALID"}
    y = g.op("MAX_POOL_2D", [y], [g.tensor((1, 2, 2, 8), "float32", "pool")], **sizes)
    shape = g.constant(np.array([1, 32], np.int32))
    y = g.op("RESHAPE", [y, shape], [g.tensor((1, 32), "float32", "flat")])
    y = g.op("FULLY_CONNECTED", [y, g.constant(floats(5, 32)), None], [g.tensor((1, 5), "float32", "z")])
    return g.model([y])


def _conv(g: Builder, x: Tensor, made: int, name: str) -> Tensor:
    assert x.shape is not None
    y = g.tensor((*x.shape[:3], made), "float32", name)
    w, b = g.constant(floats(made, 3, 3, x.shape[3])), g.constant(floats(made))
    g.op("CONV_2D", [x, w, b], [y], **SIMPLE)
    return y


def shapes(model: Model) -> dict[str, Any]:
    return {op.outputs[0].name: op.outputs[0].shape for op in model.subgraphs[0].ops}


def test_channels_go_from_all_that_hand_them_on() -> None:
    found = prune(residual_net(), 0.5, structured=True)
    made = shapes(found.model)
    assert [made[n] for n in ("stem", "inside", "branch", "sum")] == [(1, 4, 4, n) for n in (4, 3, 4, 4)]
    assert (made["pool"], made["flat"], made["z"]) == ((1, 2, 2, 4), (1, 16), (1, 5))
    assert [o.done for o in found.report.outcomes] == [
        "4 of 8 channels",
        "3 of 6 channels, 4 of 8 inputs",
        "4 of 8 channels, 3 of 6 inputs",
        "16 of 32 inputs",
    ]
    assert found.report.channels[1].units is not None
    assert len(found.report.channels[1].units) == 3
    assert found.report.bytes_after < 0.6 * found.report.bytes_before
    assert computes(found.model, x=floats(1, 4, 4, 3))[0].shape == (1, 5)


def test_the_smallest_channels_go() -> None:
    g = Builder()
    x, first = g.input((1, 2), "float32", "x"), np.array([[1, 1], [9, 9], [2, 2], [8, 8]], np.float32)
    y = g.op("FULLY_CONNECTED", [x, g.constant(first), None], [g.tensor((1, 4), "float32")])
    y = g.op(
        "FULLY_CONNECTED", [y, g.constant(np.ones((3, 4), np.float32)), None], [g.tensor((1, 3), "float32")]
    )
    found = prune(g.model([y]), 0.5, structured=True)
    assert found.report.channels[0].units == (1, 3)
    assert computes(found.model, x=np.float32([[1, 2]]))[0].tolist() == [[51, 51, 51]]


def test_on_samples_what_stays_makes_up_for_what_goes() -> None:
    """What the third channel gives is twice the first one's: it can go, and nothing is lost."""
    g = Builder()
    x, first = g.input((1, 2), "float32", "x"), np.array([[5, 0], [0, 7], [10, 0], [4, 4]], np.float32)
    y = g.op("FULLY_CONNECTED", [x, g.constant(first), None], [g.tensor((1, 4), "float32")])
    y = g.op("FULLY_CONNECTED", [y, g.constant(floats(3, 4)), None], [g.tensor((1, 3), "float32", "y")])
    model, samples = g.model([y]), floats(200, 1, 2)
    found = prune(model, 0.5, structured=True, data=samples)
    wanted, got = ([computes(m, x=x)[0] for x in samples[:8]] for m in (model, found.model))
    assert np.allclose(wanted, got, atol=0.05 * np.abs(wanted).max())


def test_rules_keep_channels() -> None:
    rules = [LayerRule(name="branch", skip=True), LayerRule(name="inside", sparsity=0.34)]
    found = prune(residual_net(), 0.5, structured=True, rules=rules)
    made = shapes(found.model)
    assert (made["stem"], made["inside"]) == ((1, 4, 4, 8), (1, 4, 4, 6))
    assert [o.reason for o in found.report.outcomes][1:3] == ["a rule says so"] * 2


def test_what_callers_see_stays() -> None:
    g = Builder()
    x = g.input((1, 4, 4, 3), "float32", "x")
    y = _conv(g, x, 8, "y")
    z = _conv(g, y, 8, "z")
    (first, second) = prune(g.model([y, z]), 0.5, structured=True).report.outcomes
    assert first.reason == second.reason == "callers of the model see them"


def test_ops_that_are_not_followed_keep_their_channels() -> None:
    g = Builder()
    x = g.input((1, 4, 4, 3), "float32", "x")
    y = _conv(g, x, 8, "y")
    y = g.op("SPACE_TO_DEPTH", [y], [g.tensor((1, 2, 2, 32), "float32")], block_size=2)
    z = _conv(g, _conv(g, y, 4, "z"), 2, "end")
    first, second, _ = prune(g.model([z]), 0.5, structured=True).report.outcomes
    assert first.reason == "SPACE_TO_DEPTH is not followed"
    assert second.done == "2 of 4 channels"


def test_recurrent_ops_keep_their_units() -> None:
    outcomes = prune(whole_lstm(), 0.5, structured=True).report.outcomes
    assert {o.done for o in outcomes} == {""}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sparse": True}, "no zeros to store sparse"),
        ({"pattern": "2:4"}, "pattern 2:4 does not go with it"),
    ],
)
def test_what_does_not_go_together_is_said(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        prune(residual_net(), structured=True, **asked)


def _two_products(first: np.ndarray, made: int = 6) -> Model:
    g = Builder()
    y = g.tensor((1, len(first)), "float32", "y")
    g.op("FULLY_CONNECTED", [g.input((1, first.shape[1]), "float32", "x"), g.constant(first), None], [y])
    z = g.tensor((1, made), "float32", "z")
    g.op("FULLY_CONNECTED", [y, g.constant(floats(made, len(first))), None], [z])
    return g.model([z])


def test_a_channel_that_was_made_up_for_by_one_that_went_is_needed() -> None:
    """The third channel is the sum of the first two: one of the three can go, and then the small one."""
    first = np.array([[9, 0, 0], [0, 9, 0], [9, 9, 0], [0, 0, 0.5]], np.float32)
    found = prune(_two_products(first), 0.5, structured=True, data=floats(200, 1, 3))
    units = found.report.channels[0].units
    assert units is not None
    assert 3 not in units
    assert len(units) == 2


def test_layers_that_can_spare_more_channels_lose_more_of_the_models_share() -> None:
    g = Builder()
    y, shape = g.input((1, 16), "float32", "x"), (1, 16)
    low_rank = (floats(16, 2) @ floats(2, 16)).astype(np.float32)
    for name, weights in (("full", floats(16, 16)), ("spare", low_rank), ("z", floats(16, 16))):
        made = g.tensor(shape, "float32", name)
        y = g.op("FULLY_CONNECTED", [y, g.constant(weights), None], [made])
    model, samples = g.model([y]), floats(200, 1, 16)
    found = prune(model, 0.25, structured=True, per="model", data=samples)
    made = shapes(found.model)
    assert made["spare"][1] <= 9 < 15 <= made["full"][1]
    even = prune(model, 0.25, structured=True, data=samples)
    assert [shapes(even.model)[n] for n in ("spare", "full")] == [(1, 12), (1, 12)]
    assert _off(model, found.model, samples) < 0.5 * _off(model, even.model, samples)


def _off(model: Model, other: Model, samples: np.ndarray) -> float:
    pairs = [[computes(m, x=x)[0] for x in samples[:16]] for m in (model, other)]
    return float(np.square(np.subtract(*pairs)).sum())


def test_a_rules_share_of_channels_stays_its_own() -> None:
    model, samples = _two_products(floats(12, 8)), floats(100, 1, 8)
    rule = LayerRule(index=(0,), sparsity=0.25)
    found = prune(model, 0.75, structured=True, per="model", data=samples, rules=[rule])
    assert shapes(found.model)["y"] == (1, 9)
