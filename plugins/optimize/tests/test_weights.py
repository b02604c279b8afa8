"""float16, dynamic and weights: what they store, what they leave, and what they say of it."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder, InputError, read_model
from delegraph_optimize import Rule, quantize
from small import computes, dense_net, floats, ops


@pytest.mark.parametrize(
    ("scheme", "options", "share", "decibels"),
    [
        ("float16", {}, 0.53, 50),
        ("dynamic", {}, 0.29, 30),
        ("weights", {}, 0.29, 30),
        ("dynamic", {"weights": "int4"}, 0.16, 10),
        ("dynamic", {"weights": "int4", "block": 32}, 0.19, 10),
        ("weights", {"weights": "int4"}, 0.16, 10),
    ],
)
def test_a_model_gets_smaller_and_computes_nearly_the_same(
    scheme: str, options: dict[str, object], share: float, decibels: float
) -> None:
    model = dense_net(256, 128)
    found = quantize(model, scheme, least=1, **options)
    assert found.report.bytes_after < share * found.report.bytes_before
    x = floats(1, 256)
    (after,), (before,) = computes(read_model(found.content), x=x), computes(model, x=x)
    noise = np.square(after - before).sum() / np.square(before).sum()
    assert -10 * np.log10(noise) > decibels


def test_names_signatures_and_metadata_stay() -> None:
    found = quantize(dense_net(), "dynamic", least=1).model
    assert [t.name for t in (*found.subgraphs[0].inputs, *found.subgraphs[0].outputs)] == ["x", "z"]
    (signature,) = found.signatures
    tensors = found.subgraphs[0].tensors
    assert {name: tensors[i].name for name, i in signature.inputs.items()} == {"x": "x"}
    assert {name: tensors[i].name for name, i in signature.outputs.items()} == {"z": "z"}
    assert found.buffers[found.metadata[0].buffer].tobytes() == b"kept"


def test_small_weights_stay_and_the_report_says_why() -> None:
    report = quantize(dense_net(), "dynamic").report
    assert [(o.op, o.scheme, o.reason) for o in report.outcomes] == [
        ("FULLY_CONNECTED", "dynamic", ""),
        ("RELU", "float32", "folded or merged into another op"),
        ("FULLY_CONNECTED", "float32", "its weights have fewer than 1024 values"),
    ]
    assert "1 of 3 ops quantized" in str(report)


def test_weights_that_two_ops_share_are_stored_once() -> None:
    g = Builder()
    x, w = g.input((1, 32), "float32", "x"), g.constant(floats(32, 32))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 32), "float32")])
    z = g.op("FULLY_CONNECTED", [y, w, None], [g.tensor((1, 32), "float32")])
    model = g.model([z])
    for scheme in ("float16", "dynamic", "weights"):
        made = quantize(model, scheme).model
        assert sum(t.size == 1024 and t.is_constant for t in made.subgraphs[0].tensors) == 1


@pytest.mark.parametrize("scheme", ["dynamic", "weights", "int8"])
@pytest.mark.parametrize("given", ["int4", "int8"])
def test_a_rule_gives_some_ops_weights_of_another_type(scheme: str, given: str) -> None:
    g, other = Builder(), {"int4": "int8", "int8": "int4"}[given]
    y = g.input((1, 32), "float32", "x")
    for name in ("first", "last"):
        y = g.op(
            "FULLY_CONNECTED", [y, g.constant(floats(32, 32)), None], [g.tensor((1, 32), "float32", name)]
        )
    rules = [Rule(name="last", weights=other)]
    data = [floats(1, 32) for _ in range(4)]
    found = quantize(g.model([y]), scheme, weights=given, rules=rules, data=data)
    stored = {t.dtype for t in found.model.subgraphs[0].tensors if t.is_constant and t.size == 1024}
    assert stored == {"int4", "int8"}
    if scheme != "int8":
        assert [o.weights for o in found.report.outcomes] == [given, other]


def test_values_that_float16_cannot_hold_stay_floats() -> None:
    g = Builder()
    x, w = g.input((64,), "float32", "x"), g.constant(np.full(64, 70000, np.float32))
    found = quantize(g.model([g.op("MUL", [x, w], [g.tensor((64,), "float32")])]), "float16")
    assert ops(found.model) == ["MUL"]
    assert found.report.refused[0].reason == "its constants have values that float16 cannot hold"


def test_a_quantized_model_is_made_floats_first_and_the_report_says_so() -> None:
    half = quantize(dense_net(), "float16")
    report = quantize(half.model, "dynamic").report
    assert "float16 constants" in report.notes[0]


def test_an_argument_that_is_none_of_those_known_is_named() -> None:
    with pytest.raises(InputError, match=r"scheme needs one of float16, .*, found 'int7'"):
        quantize(dense_net(), "int7")
    with pytest.raises(InputError, match="block needs one of 0, 32, 64, 128, 256, found 7"):
        quantize(dense_net(), "dynamic", block=7)


def test_a_table_of_short_rows_has_a_scale_for_each_column() -> None:
    """One for each row would take as much as a quarter of the table in floats."""
    g = Builder()
    places = g.input((4,), "int32", "places")
    table = g.constant(floats(2000, 16))
    model = g.model([g.op("GATHER", [table, places], [g.tensor((4, 16), "float32")])])
    found = quantize(model, "weights")
    (small,) = (t for t in found.model.subgraphs[0].tensors if t.dtype == "int8")
    assert small.quantization is not None
    assert (small.quantization.axis, len(small.quantization.scale)) == (1, 16)
    assert found.report.bytes_after < 0.27 * found.report.bytes_before
    at = np.int32([0, 7, 1999, 3])
    np.testing.assert_allclose(
        computes(found.model, places=at)[0], computes(model, places=at)[0], atol=1 / 127
    )


def test_an_op_whose_bias_has_state_keeps_its_floats() -> None:
    g = Builder()
    x, bias = g.input((1, 64), "float32", "x"), g.variable((32,), "float32")
    y = g.op("FULLY_CONNECTED", [x, g.constant(floats(32, 64)), bias], [g.tensor((1, 32), "float32")])
    (outcome,) = quantize(g.model([y]), "dynamic").report.outcomes
    assert (outcome.scheme, outcome.reason) == ("float32", "its bias has state")


@pytest.mark.parametrize(("step", "is_far"), [(2**15 - 1, False), (2**15, True)])
@pytest.mark.parametrize("scheme", ["dynamic", "weights", "int8"])
def test_a_dilation_that_only_xnnpack_takes_keeps_its_floats(scheme: str, step: int, is_far: bool) -> None:
    g = Builder()
    x, w, b = g.input((1, 4, 4, 32), "float32", "x"), g.constant(floats(32, 1, 1, 32)), floats(32)
    y = g.tensor((1, 4, 4, 32), "float32", "y")
    g.op("CONV_2D", [x, w, g.constant(b)], [y], stride_h=1, stride_w=1, dilation_w_factor=step)
    data = [floats(1, 4, 4, 32)]
    (outcome,) = quantize(g.model([y]), scheme, weights="int4", data=data, effort="fast").report.outcomes
    assert outcome.scheme == ("float32" if is_far else scheme)
    if is_far:
        assert outcome.reason.endswith("up to 32,767, found dilation_w_factor 32768")
