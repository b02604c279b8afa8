"""What is done before a model is quantized leaves its values as they are."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from delegraph import Blocks, Builder, Interpreter, Model, ModelError
from delegraph_optimize import dequantize, quantize
from delegraph_optimize.real import is_quantized
from small import computes, floats, ops, whole_lstm


def normalized(*steps: tuple[str, np.ndarray], shared: bool = False) -> Model:
    """A convolution, and steps of constants behind it."""
    g = Builder()
    x = g.input((1, 4, 4, 3), "float32", "x")
    filters, bias = g.constant(floats(5, 3, 3, 3)), g.constant(floats(5))
    y = first = g.op(
        "CONV_2D", [x, filters, bias], [g.tensor((1, 4, 4, 5), "float32")], stride_w=1, stride_h=1
    )
    for name, values in steps:
        y = g.op(name, [y, g.constant(values)], [g.tensor((1, 4, 4, 5), "float32")])
    y = g.op("RELU6", [y], [g.tensor((1, 4, 4, 5), "float32", "y")])
    return g.model(outputs=[y, first] if shared else [y])


def test_batch_normalization_goes_into_the_weights() -> None:
    model = normalized(("MUL", floats(5)), ("ADD", floats(1, 1, 1, 5)), ("DIV", floats(1) + 3))
    found = dequantize(model)
    assert ops(found.model) == ["CONV_2D"]
    assert found.model.subgraphs[0].ops[0].options.fused_activation_function == "RELU6"
    x = floats(1, 4, 4, 3, size=3)
    np.testing.assert_allclose(computes(found.model, x=x)[0], computes(model, x=x)[0], atol=1e-5)


def test_what_somebody_else_reads_is_not_scaled() -> None:
    model = normalized(("MUL", floats(5)), shared=True)
    found = dequantize(model)
    assert ops(found.model) == ["CONV_2D", "MUL"]
    x = floats(1, 4, 4, 3)
    for after, before in zip(computes(found.model, x=x), computes(model, x=x), strict=True):
        np.testing.assert_allclose(after, before, atol=1e-6)


def test_a_constant_that_is_no_value_for_each_channel_stays() -> None:
    model = normalized(("MUL", floats(1, 4, 4, 5)))
    assert ops(dequantize(model).model) == ["CONV_2D", "MUL"]


def test_ops_of_constants_are_computed_once_and_their_own_constants_go() -> None:
    g = Builder()
    x = g.input((2, 2), "float32", "x")
    half = g.constant(floats(2, 2).astype(np.float16))
    w = g.op("DEQUANTIZE", [half], [g.tensor((2, 2), "float32")])
    w = g.op("NEG", [w], [g.tensor((2, 2), "float32")])
    model = g.model([g.op("MUL", [x, w], [g.tensor((2, 2), "float32", "y")])])
    found = dequantize(model)
    assert ops(found.model) == ["MUL"]
    assert len(found.model.subgraphs[0].tensors) == 3
    assert "float16 constants" in found.report.notes[0]
    x_ = floats(2, 2)
    np.testing.assert_array_equal(computes(found.model, x=x_)[0], computes(model, x=x_)[0])


def test_a_large_fill_stays_small_in_the_file() -> None:
    g = Builder()
    x = g.input((1, 64, 64), "float32", "x")
    shape, value = g.constant(np.array([1, 64, 64], np.int32)), g.constant(np.float32(2))
    filled = g.op("FILL", [shape, value], [g.tensor((1, 64, 64), "float32")])
    model = g.model([g.op("ADD", [x, filled], [g.tensor((1, 64, 64), "float32")])])
    assert ops(dequantize(model).model) == ["FILL", "ADD"]


def test_an_int8_model_becomes_floats_with_float_inputs() -> None:
    g = Builder()
    x = g.input((1, 3), "float32", "x")
    q = g.op("QUANTIZE", [x], [g.tensor((1, 3), "int8", scale=0.5, zero_point=3)])
    w = g.constant(np.array([[2, -4, 6], [1, 1, 1]], np.int8), scale=[0.25, 0.5], zero_point=[0, 0])
    b = g.constant(np.array([8, -2], np.int32), scale=[0.125, 0.25], zero_point=[0, 0])
    y = g.op("FULLY_CONNECTED", [q, w, b], [g.tensor((1, 2), "int8", scale=0.5)], version=4)
    y = g.op("DEQUANTIZE", [y], [g.tensor((1, 2), "float32", "y")], version=2)
    found = dequantize(g.model([y]))
    assert ops(found.model) == ["FULLY_CONNECTED"]
    assert found.model.subgraphs[0].ops[0].version == 1
    x_ = np.array([[1.0, 2.0, 3.0]], np.float32)
    # 0.25 (2 - 8 + 18) + 8/8 = 4;  0.5 (1 + 2 + 3) - 2/4 = 2.5
    np.testing.assert_array_equal(computes(found.model, x=x_)[0], [[4.0, 2.5]])


def test_what_a_variable_begins_as_stays_its_own() -> None:
    """A converter writes the state of a float16 LSTM as a DEQUANTIZE of zeros into a variable tensor."""
    g = Builder()
    x = g.input((1, 2), "float32", "x")
    zeros = g.constant(np.zeros((1, 8), np.float16))
    state = g.variable((1, 8), "float32", "state")
    g.op("DEQUANTIZE", [zeros], [state], version=3)
    feature, time = g.constant(floats(4, 2)), g.constant(floats(4, 2))
    y = g.op("SVDF", [x, feature, time, None, state], [g.tensor((1, 4), "float32", "y")], rank=1)
    model = dequantize(g.model([y])).model
    assert ops(model) == ["DEQUANTIZE", "SVDF"]
    (kept,) = (t for t in model.subgraphs[0].tensors if t.is_variable)
    assert not kept.is_constant


def test_what_a_run_writes_to_a_variable_is_floats_and_is_still_written() -> None:
    g = Builder()
    x = g.input((1, 4), "int8", "x", scale=0.5, zero_point=0)
    state = g.variable((1, 4), "float32", "state")
    before = g.op("NEG", [state], [g.tensor((1, 4), "float32", "before")])
    y = g.op("RELU", [x], [g.tensor((1, 4), "int8", scale=0.5, zero_point=0)])
    g.op("DEQUANTIZE", [y], [state])
    model = dequantize(g.model(outputs=[before])).model
    with Interpreter(model=model, delegates=["reference"]) as interpreter:
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.full((1, 4), 3, np.float32))
        for expected in (0, -3):
            interpreter.invoke()
            (found,) = interpreter.get_output_details()
            np.testing.assert_array_equal(interpreter.get_tensor(found["index"]), np.full((1, 4), expected))


def test_blocks_of_no_size_stand_for_no_real_numbers() -> None:
    g = Builder()
    scales = g.constant(np.full((4, 2), 0.01, np.float16))
    for size, is_known in ((4, True), (0, False), (3, False)):
        w = g.constant(np.ones((4, 8), np.int8), blocks=Blocks(scales, size))
        assert is_quantized(w) == is_known


def test_wide_integers_that_are_quantized_again_are_real_numbers() -> None:
    g = Builder()
    x = g.input((1, 4), "int32", "x", scale=0.5, zero_point=0)
    y = g.op("QUANTIZE", [x], [g.tensor((1, 4), "int8", scale=0.25, zero_point=3)])
    y = g.op("NEG", [y], [g.tensor((1, 4), "int8", "y", scale=0.25, zero_point=3)])
    model = dequantize(g.model([y])).model
    assert ops(model) == ["NEG"]
    x_ = floats(1, 4)
    np.testing.assert_array_equal(computes(model, x=x_)[0], -x_)


def test_an_integer_bias_without_a_scale_has_that_of_the_products() -> None:
    g = Builder()
    x = g.input((1, 4), "int8", "x", scale=0.5, zero_point=0)
    w = g.constant(np.eye(4, dtype=np.int8), scale=0.25, zero_point=0)
    bias = g.constant(np.int32([8, 16, 0, -8]))
    y = g.tensor((1, 4), "int8", "y", scale=0.5, zero_point=0)
    model = dequantize(g.model([g.op("FULLY_CONNECTED", [x, w, bias], [y], version=4)])).model
    found = computes(model, x=np.full((1, 4), 2, np.float32))[0]
    np.testing.assert_allclose(found, [[1.5, 2.5, 0.5, -0.5]])  # 2 * 0.25 + bias * 0.125


def test_shapes_are_those_that_ops_make_whatever_the_file_says() -> None:
    g = Builder()
    y = g.op("RELU", [g.input((1, 4), "float32", "x")], [g.tensor((3, 2, 1), "float32")])
    model = dequantize(g.model([g.op("NEG", [y], [g.tensor((1, 4), "float32")])])).model
    assert {t.shape for t in model.subgraphs[0].tensors} == {(1, 4)}


def test_types_are_those_that_ops_give_whatever_the_file_says() -> None:
    g = Builder()
    x = g.input((4,), "int8", "x", scale=0.5, zero_point=3)
    claimed = g.op("DEQUANTIZE", [x], [g.tensor((4,), "int4", "y")])
    made = dequantize(g.model([claimed])).model
    assert [t.dtype for t in made.subgraphs[0].outputs] == ["float32"]
    assert ops(made) == ["RESHAPE"]
    np.testing.assert_array_equal(computes(made, x=np.float32([1, 2, 3, 4]))[0], [1, 2, 3, 4])


def test_a_check_of_integers_against_floats_is_a_difference_of_floats() -> None:
    g = Builder()
    x = g.input((2,), "int8", "x", scale=0.5, zero_point=0)
    y = g.op("NumericVerify", [x, g.constant(np.float32([1, 2]))], [g.tensor((2,), "float32")])
    made = dequantize(g.model([y])).model
    assert ops(made) == ["SUB"]
    np.testing.assert_array_equal(computes(made, x=np.float32([1.5, 2]))[0], [0.5, 0])


def test_stored_numbers_that_are_divided_have_no_floats_to_stand_for_them() -> None:
    g = Builder()
    x, y = (g.input((4,), "int8", n, scale=0.5, zero_point=1) for n in ("x", "y"))
    z = g.op("FLOOR_DIV", [x, y], [g.tensor((4,), "int8", scale=0.5, zero_point=1)])
    with pytest.raises(ModelError, match="FLOOR_DIV v1 needs numbers without a scale"):
        dequantize(g.model([z]))


@pytest.mark.parametrize("op", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_a_pool_of_no_values_is_an_error(op: str) -> None:
    g = Builder()
    x = g.input((1, 4, 0, 3), "float32", "x")
    window = {"filter_width": 1, "filter_height": 1, "stride_w": 1, "stride_h": 1, "padding": "VALID"}
    model = g.model([g.op(op, [x], [g.tensor((1, 4, 0, 3), "float32")], **window)])
    with pytest.raises(ModelError, match="needs an input that has values, found shape 1×4×0×3"):
        quantize(model, "float16")


def test_the_floats_of_an_integer_lstm_have_the_activation_of_its_kernel() -> None:
    model = whole_lstm(normalized=False)
    small = quantize(model, "int8", data=[floats(2, 4, 6) for _ in range(4)]).model
    graph = small.subgraphs[0]
    lstm = next(op for op in graph.ops if op.name == "UNIDIRECTIONAL_SEQUENCE_LSTM")
    silent = attrs.evolve(lstm, options=lstm.options.replace(fused_activation_function="NONE"))
    some = tuple(silent if op is lstm else op for op in graph.ops)
    made = dequantize(attrs.evolve(small, subgraphs=(attrs.evolve(graph, ops=some),))).model
    x = floats(2, 4, 6)
    np.testing.assert_array_equal(computes(made, x=x)[0], computes(dequantize(small).model, x=x)[0])
