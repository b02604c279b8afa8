"""What OpenVINO computes of partitions; expected numbers are written out."""

import numpy as np
import pytest
from delegraph import Builder, Interpreter, Plugins, load_delegate, plan_model

openvino = pytest.importorskip("openvino")


def result(builder, *arrays):
    with Interpreter(model=builder.model(), delegates=["openvino"], require_full_delegation=True) as it:
        return it(*arrays)


def test_it_is_installed_and_nothing_is_wrong_with_it():
    plugins = Plugins.installed()
    plugins.load("openvino")
    assert [str(p) for p in plugins.problems if "openvino" in p.plugins] == []


def test_inputs_and_outputs_keep_their_order_whatever_they_are_called():
    g = Builder()
    x, y = g.input((2,), "float32", ""), g.input((2,), "float32", "")
    difference = g.op("SUB", [x, y], [g.tensor((2,), "float32", "")])
    quotient = g.op("DIV", [y, x], [g.tensor((2,), "float32", "")])
    g.returns(quotient, difference)
    found = result(g, np.float32([2, 4]), np.float32([1, 8]))
    assert [a.tolist() for a in found] == [[0.5, 2], [1, -4]]


def test_a_convolution_with_its_activation():
    g = Builder()
    x = g.input((1, 2, 2, 1), "float32")
    w = g.constant(np.float32([[[[1], [2]], [[3], [4]]]]))
    b = g.constant(np.float32([-1]))
    options = {"padding": "VALID", "stride_w": 1, "stride_h": 1, "fused_activation_function": "RELU6"}
    g.op("CONV_2D", [x, w, b], [g.tensor((1, 1, 1, 1), "float32")], **options)
    ones = np.ones((1, 2, 2, 1), np.float32)
    assert result(g, ones * 0.5).item() == 4  # (1 + 2 + 3 + 4) / 2 - 1
    assert result(g, ones).item() == 6  # 9, but for the activation


def test_what_a_run_returned_stays():
    g = Builder()
    g.op("NEG", [g.input((2,), "float32")], [g.tensor((2,), "float32")])
    with Interpreter(model=g.model(), delegates=["openvino"]) as it:
        first = it(np.float32([1, 2]))
        it(np.float32([3, 4]))
    assert first.tolist() == [-1, -2]


def test_parameters_that_a_run_decides_are_refused():
    g = Builder()
    x, axes = g.input((2, 3), "float32"), g.input((1,), "int32", "axes")
    g.op("MEAN", [x, axes], [g.tensor((3,), "float32")])
    fallbacks = plan_model(g.model(), ["openvino"], warn=False).fallbacks
    reasons = [reason for f in fallbacks if f.delegate == "openvino" for reason in f.refusals]
    assert "no state, and sizes, axes and paddings that are constants of some values" in [
        reason.rule for reason in reasons
    ]


def test_a_device_that_is_not_there_is_named():
    found = load_delegate("openvino", {"device": "TOASTER"}).unavailable()
    assert found is not None
    assert found.startswith("OpenVINO finds only CPU")
