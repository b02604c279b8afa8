"""The builder: small models in a few lines."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from delegraph import InputError
from delegraph.file import read_model, write_model
from delegraph.model import Builder


def test_options_left_out_are_the_defaults_of_the_schema():
    g = Builder()
    x, w = g.input((1, 4, 4, 1), "float32"), g.constant(np.ones((1, 1, 1, 1), np.float32))
    g.op("CONV_2D", [x, w, None], [g.tensor((1, 4, 4, 1), "float32")], padding="VALID", stride_w=2)
    options = g.model().subgraphs[0].ops[0].options
    assert (options.padding, options.stride_w, options.stride_h) == ("VALID", 2, 0)
    assert (options.dilation_w_factor, options.fused_activation_function) == (1, "NONE")


def test_an_unknown_option_lists_those_there_are():
    g = Builder()
    x = g.input((1,), "float32")
    with pytest.raises(InputError, match=r"SOFTMAX has no option 'axis'; it has: beta"):
        g.op("SOFTMAX", [x], [g.tensor((1,), "float32")], axis=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"padding": "HALF"}, r"'padding' needs one of SAME, VALID, found 'HALF'"),
        ({"stride_w": 1 << 31}, r"'stride_w' needs a value of type int, found 2147483648"),
        ({"stride_w": "2"}, r"'stride_w' needs a value of type int, found '2'"),
    ],
)
def test_an_option_that_does_not_fit_says_what_does(options, message):
    g = Builder()
    with pytest.raises(InputError, match=message):
        g.op("CONV_2D", [g.input((1,), "float32")], [g.tensor((1,), "float32")], **options)


def test_a_float_option_has_the_value_that_the_file_keeps():
    g = Builder()
    g.op("SOFTMAX", [g.input((1,), "float32")], [g.tensor((1,), "float32")], beta=0.1)
    assert g.model().subgraphs[0].ops[0].options.beta == float(np.float32(0.1))


def test_a_name_that_is_no_builtin_op_makes_a_custom_op():
    g = Builder()
    g.op("Mfcc", [g.input((1,), "float32")], [g.tensor((1,), "float32")], custom_options=b"abc")
    model = g.model()
    op = model.subgraphs[0].ops[0]
    assert (op.name, op.custom_options, model.operator_codes[op.code].name) == ("Mfcc", b"abc", "CUSTOM")


def test_outputs_left_out_are_what_no_op_reads():
    g = Builder()
    x = g.input((1,), "float32")
    y = g.op("NEG", [x], [g.tensor((1,), "float32")])
    z = g.op("ABS", [y], [g.tensor((1,), "float32")])
    assert g.model().subgraphs[0].outputs == (z,)


def test_several_outputs_come_back_as_a_tuple():
    g = Builder()
    axis, x = g.constant(np.int32(0)), g.input((2,), "float32")
    a, b = g.op("SPLIT", [axis, x], [g.tensor((1,), "float32"), g.tensor((1,), "float32")], num_splits=2)
    assert (a.index, b.index) == (2, 3)


def test_a_size_of_minus_one_may_be_resized():
    x = Builder().input((-1, 3), "int8", scale=0.5, zero_point=-1)
    assert (x.shape, x.shape_signature, x.scale, x.zero_point) == ((1, 3), (-1, 3), 0.5, -1)


def test_a_scale_per_channel_has_a_zero_point_per_channel():
    w = Builder().constant(np.ones((2, 3), np.int8), scale=[0.1, 0.2, 0.3], axis=1)
    assert w.quantization.axis == 1
    assert w.quantization.zero_point.tolist() == [0, 0, 0]


def test_a_subgraph_has_its_own_tensors():
    g = Builder()
    body = g.subgraph("body")
    x = body.input((1,), "float32")
    body.returns(body.op("NEG", [x], [body.tensor((1,), "float32")]))
    with pytest.raises(InputError, match=r"tensor 't0' is not of subgraph 'main'"):
        g.op("ABS", [x], [g.tensor((1,), "float32")])
    assert [graph.name for graph in g.model().subgraphs] == ["main", "body"]


def test_a_signature_names_its_arguments_as_the_tensors():
    g = Builder()
    y = g.op("NEG", [g.input((1,), "float32", name="x")], [g.tensor((1,), "float32", name="y")])
    signature = g.model(outputs=[y], signature="serving_default").signatures[0]
    assert (signature.key, signature.inputs, signature.outputs) == ("serving_default", {"x": 0}, {"y": 1})


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.array([-8, 7, 3], np.int8), "int4"),
        (np.array([-2, 1, 0, 1, -1], np.int8), "int2"),
        (np.array([15, 0, 9], np.uint8), "uint4"),
        (np.array([[1.5], [np.nan]], np.float32), None),
        (np.array([True, False]), None),
        (np.array([0x3FC0], np.uint16), "bfloat16"),
        (np.array([1 + 2j], np.complex64), None),
        (np.zeros((0, 2), np.int32), None),
        (np.int64(-1), None),
        (["", "ü", "c"], None),
        ([b"end\0", "ü", b"\xff"], "string"),
        ([b"end\0", b"\0"], None),
    ],
)
def test_a_constant_keeps_its_values_in_the_file(values, dtype):
    g = Builder()
    before = g.constant(values, dtype)
    after = read_model(write_model(g.model(outputs=[before]))).subgraphs[0].tensors[0]
    assert (after.dtype, after.shape) == (before.dtype, before.shape)
    assert after.data.dtype == before.data.dtype
    np.testing.assert_array_equal(after.data, before.data)


@pytest.mark.parametrize(
    ("values", "dtype", "message"),
    [
        ([8], "int4", r"int4 values need -8\.\.7, found 8\.\.8"),
        ([300], "uint8", r"uint8 .* cannot hold \[300\]"),
        ([1], "int3", r"no type 'int3'; the types are: float32, "),
    ],
)
def test_a_constant_that_does_not_fit_its_type_is_refused(values, dtype, message):
    with pytest.raises(InputError, match=message):
        Builder().constant(values, dtype)


def test_strings_of_an_object_array_that_are_no_bytes_are_refused():
    g = Builder()
    text = g.constant([b"a", b"b"])
    model = g.model(outputs=[text])
    (graph,) = model.subgraphs
    numbers = evolve(graph.tensors[0], data=np.array([1, 2], object))
    with pytest.raises(InputError, match="string values need bytes, found 1"):
        write_model(evolve(model, subgraphs=(evolve(graph, tensors=(numbers,)),)))


def test_a_constant_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        Builder().constant(np.zeros(3)).data[0] = 1
