"""What the NPU computes, what it refuses and why; expected numbers are written out."""

import numpy as np
import pytest
from delegraph import Builder, Interpreter, Plugins, plan_model


def model(op, shape=(3,), version=1, **options):
    g = Builder()
    x, y = g.input(shape, "float32"), g.input(shape, "float32")
    g.op(op, [x, y], [g.tensor(shape, "float32")], version=version, **options)
    return g.model()


def result(built, x, y):
    with Interpreter(model=built, delegates=["halfnpu"], require_full_delegation=True) as interpreter:
        return interpreter(np.float32(x), np.float32(y)).tolist()


def test_it_is_installed_and_nothing_is_wrong_with_it():
    plugins = Plugins.installed()
    plugins.load("halfnpu")
    assert [str(p) for p in plugins.problems if "halfnpu" in p.plugins] == []


@pytest.mark.parametrize(
    ("op", "expected"),
    [("ADD", [2048, 0, 0.75]), ("SUB", [2047, 0, 0.25]), ("MUL", [2048, 0, 0.125])],  # 2049 needs 12 bits
)
def test_results_have_11_bits(op, expected):
    assert result(model(op), [2048, 0, 0.5], [1, 0, 0.25]) == expected


def test_what_is_too_large_for_half_precision_is_infinite():
    assert result(model("ADD"), [65504, -1e6, 1], [65504, 0, 1]) == [np.inf, -np.inf, 2]


@pytest.mark.parametrize(("activation", "expected"), [("RELU", [0, 3, 9]), ("RELU6", [0, 3, 6])])
def test_a_fused_activation_is_applied(activation, expected):
    built = model("ADD", version=2, fused_activation_function=activation)
    assert result(built, [-3, 1, 4], [1, 2, 5]) == expected


@pytest.mark.parametrize(
    ("built", "rule", "found"),
    [
        (model("ADD", (1, 1, 1, 1, 3)), "at most 4 dimensions", "5 dimensions"),
        (model("MUL", fused_activation_function="TANH"), "no fused activation, RELU or RELU6", "TANH"),
        (model("ADD", version=4), "version 1..3", "version 4"),
    ],
)
def test_what_it_does_not_take_goes_elsewhere_with_the_reason(built, rule, found):
    fallbacks = plan_model(built, ["halfnpu"], warn=False).fallbacks
    reasons = [reason for f in fallbacks if f.delegate == "halfnpu" for reason in f.refusals]
    assert [(reason.rule, reason.found) for reason in reasons] == [(rule, found)]
