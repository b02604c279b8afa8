"""int8 and int16x8: scales, zero points and biases as specified; what stays floats, and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from delegraph import Builder, InputError, Model, Op, read_model
from delegraph_optimize import Rule, quantize
from small import computes, dense_net, floats, ops, whole_lstm


def samples(*shape: int, count: int = 8, size: float = 1.0) -> list[np.ndarray]:
    return [floats(*shape, size=size) for _ in range(count)]


def the(name: str, model: Model) -> Op:
    (found,) = (op for op in model.subgraphs[0].ops if op.name == name)
    return found


def product() -> Model:
    g = Builder()
    x = g.input((1, 2), "float32", "x")
    w = g.constant(np.array([[1.27, -0.5], [0.0254, 0.0]], np.float32))
    b = g.constant(np.array([0.25, -1.0], np.float32))
    return g.model([g.op("FULLY_CONNECTED", [x, w, b], [g.tensor((1, 2), "float32", "y")])])


def test_a_product_is_quantized_as_the_specification_says() -> None:
    data = [np.array([[-1.0, 1.55]], np.float32)]
    found = quantize(product(), "int8", data=data).model
    assert ops(found) == ["QUANTIZE", "FULLY_CONNECTED", "DEQUANTIZE"]
    op = the("FULLY_CONNECTED", found)
    x, w, b = op.inputs
    assert (x.scale, x.zero_point) == (np.float32(2.55 / 255), -28)  # -1 to 1.55 on -128 to 127
    np.testing.assert_allclose(w.quantization.scale, [0.01, 0.0002], rtol=1e-6)
    np.testing.assert_array_equal(w.data, [[127, -50], [127, 0]])
    np.testing.assert_allclose(b.quantization.scale, [1e-4, 2e-6], rtol=1e-6)
    np.testing.assert_array_equal(b.data, [2500, -500000])
    assert (b.dtype, op.version) == ("int32", 4)


def test_16_bit_activations_have_no_zero_point_and_biases_of_64_bits() -> None:
    data = [np.array([[-1.0, 1.55]], np.float32)]
    op = the("FULLY_CONNECTED", quantize(product(), "int16x8", data=data).model)
    x, w, b = op.inputs
    assert (x.dtype, x.zero_point, w.dtype, b.dtype) == ("int16", 0, "int8", "int64")
    assert x.scale == pytest.approx(1.55 / 32767)
    assert (op.options.quantized_bias_type, op.version) == ("INT64", 11)


@pytest.mark.parametrize(
    ("scheme", "op", "stored"),
    [
        ("int8", "SOFTMAX", (1 / 256, -128)),
        ("int8", "LOGISTIC", (1 / 256, -128)),
        ("int8", "TANH", (1 / 128, 0)),
        ("int8", "LOG_SOFTMAX", (16 / 256, 127)),
        ("int8", "L2_NORMALIZATION", (1 / 128, 0)),
        ("int16x8", "SOFTMAX", (1 / 32768, 0)),
        ("int16x8", "TANH", (1 / 32768, 0)),
    ],
)
def test_what_a_kernel_fixes_is_what_the_output_has(
    scheme: str, op: str, stored: tuple[float, int]
) -> None:
    g = Builder()
    x = g.input((1, 8), "float32", "x")
    options = {"beta": 1.0} if op == "SOFTMAX" else {}
    model = g.model([g.op(op, [x], [g.tensor((1, 8), "float32", "y")], **options)])
    (y,) = the(op, quantize(model, scheme, data=samples(1, 8)).model).outputs
    assert (y.scale, y.zero_point) == stored


def test_ops_that_move_values_share_the_scale() -> None:
    g = Builder()
    x, z = g.input((1, 8), "float32", "x"), g.input((1, 8), "float32", "z")
    y = g.op("CONCATENATION", [x, z], [g.tensor((1, 16), "float32")], axis=1)
    y = g.op("RESHAPE", [y, g.constant(np.array([4, 4], np.int32))], [g.tensor((4, 4), "float32")])
    model = g.model([g.op("EXP", [y], [g.tensor((4, 4), "float32", "y")])])
    data = [{"x": floats(1, 8), "z": floats(1, 8, size=5)} for _ in range(3)]
    found = quantize(model, "int8", data=data).model
    move = [op for op in found.subgraphs[0].ops if op.name in ("CONCATENATION", "RESHAPE")]
    scales = {t.scale for op in move for t in (*op.inputs, *op.outputs) if t.dtype == "int8"}
    assert len(scales) == 1


def test_a_fixed_scale_is_not_given_to_values_beyond_it() -> None:
    g = Builder()
    x = g.input((1, 8), "float32", "x")
    s = g.op("LOGISTIC", [x], [g.tensor((1, 8), "float32")])
    y = g.op("CONCATENATION", [s, x], [g.tensor((1, 16), "float32", "y")], axis=1)
    model = g.model([y])
    found = quantize(model, "int8", data=samples(1, 8, size=4)).model
    assert ops(found).count("QUANTIZE") == 2  # of x, and of what LOGISTIC wrote
    v = floats(1, 8, size=4)
    np.testing.assert_allclose(computes(found, x=v)[0], computes(model, x=v)[0], atol=0.05)


def test_a_bound_that_nothing_reaches_does_not_stretch_the_range() -> None:
    g = Builder()
    x = g.input((1, 8), "float32", "x")
    y = g.op("EXP", [x], [g.tensor((1, 8), "float32")])
    y = g.op("MINIMUM", [y, g.constant(np.float32(1e12))], [g.tensor((1, 8), "float32", "y")])
    model = g.model([y])
    data = samples(1, 8)
    found = quantize(model, "int8", data=data).model
    np.testing.assert_allclose(computes(found, x=data[0])[0], computes(model, x=data[0])[0], atol=0.03)


def test_a_kernel_that_writes_0_for_zero_gets_a_zero_point_of_0() -> None:
    g = Builder()
    x = g.input((2, 5), "float32", "x")
    x = g.op("EXP", [x], [g.tensor((2, 5), "float32")])
    places, shape = g.constant(np.array([[2], [0]], np.int32)), g.constant(np.array([4, 5], np.int32))
    model = g.model([g.op("SCATTER_ND", [places, x, shape], [g.tensor((4, 5), "float32", "y")])])
    (y,) = the("SCATTER_ND", quantize(model, "int8", data=samples(2, 5)).model).outputs
    assert (y.dtype, y.zero_point) == ("int8", 0)


def test_an_op_without_integers_stays_and_the_report_says_why() -> None:
    g = Builder()
    x = g.input((1, 8), "float32", "x")
    y = g.op("SIN", [x], [g.tensor((1, 8), "float32")])
    y = g.op("SQUEEZE", [y], [g.tensor((8,), "float32", "y")], squeeze_dims=[0])
    found = quantize(g.model([y]), "int8", data=samples(1, 8))
    assert [o.reason for o in found.report.outcomes] == [
        "LiteRT has no SIN on int8",
        "it only moves floats: the ops around it have no integers",
    ]
    assert ops(found.model) == ["SIN", "SQUEEZE"]


@pytest.mark.parametrize(("io", "dtype", "offset"), [("int8", "int8", 0), ("uint8", "uint8", 128)])
def test_inputs_and_outputs_may_be_integers(io: str, dtype: str, offset: int) -> None:
    model, data = dense_net(), samples(1, 64)
    found = quantize(model, "int8", data=data, inputs=io).model
    (x,), (z,) = found.subgraphs[0].inputs, found.subgraphs[0].outputs
    assert (x.name, x.dtype, z.name, z.dtype) == ("x", dtype, "z", dtype)
    borders = ["QUANTIZE"] if io == "uint8" else []
    assert ops(found) == [*borders, "FULLY_CONNECTED", "FULLY_CONNECTED", *borders]
    v = data[0]
    stored = np.clip(np.rint(v / x.scale) + x.zero_point, offset - 128, offset + 127).astype(dtype)
    (got,) = computes(found, x=stored)
    want = computes(model, x=v)[0]
    assert np.abs((got.astype(float) - z.zero_point) * z.scale - want).max() < 0.05 * np.abs(want).max()


def test_rules_choose_schemes_for_ops(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "z"\nscheme = "float32"\n', encoding="utf-8")
    found = quantize(dense_net(), "int8", data=samples(1, 64), rules=rules)
    assert [o.scheme for o in found.report.outcomes] == ["int8", "float32", "float32"]
    mixed = quantize(dense_net(), "int8", data=samples(1, 64), rules=[Rule("int16x8", index=(2,))])
    assert ops(mixed.model) == [
        "QUANTIZE", "FULLY_CONNECTED", "QUANTIZE", "FULLY_CONNECTED", "DEQUANTIZE"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]]\nschema = 1\n", "found 'schema'"),
        ("[[rule]]\nscheme = 'int7'\n", "scheme needs one of .*found 'int7'"),
        ("[[rule]]\nweights = 'int2'\n", "weights needs one of int8, int4, found 'int2'"),
        ("[[rule]]\nindex = 'a'\n", "index needs whole numbers"),
        ("[rules]\n", "need tables"),
        ("[[rule", "cannot be read"),
    ],
)
def test_a_wrong_rule_is_named(tmp_path: Path, text: str, said: str) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        quantize(dense_net(), "dynamic", rules=rules)


def test_the_target_decides() -> None:
    from delegraph import Delegate, OpSupport, Partition, Run, SupportTable

    class Adder(Delegate):
        """Has no op but FULLY_CONNECTED on int8 with a bias."""

        name = "adder"

        def prepare(self, partition: Partition) -> Run:
            raise NotImplementedError

    adder = Adder()
    adder.table = SupportTable(
        "adder", [OpSupport("FULLY_CONNECTED", versions=(4, 4), types="int8 int8 int32 -> int8")]
    )
    found = quantize(dense_net(), "int8", data=samples(1, 64), target=adder)
    assert [o.scheme for o in found.report.outcomes] == ["int8", "float32", "float32"]
    assert "adder needs int8 int8 int32 -> int8, found int8 int8 none -> int8" in str(found.report)


def test_a_scheme_that_needs_samples_says_so() -> None:
    with pytest.raises(InputError, match="scheme 'int8' needs samples of the model's inputs"):
        quantize(dense_net(), "int8")
    with pytest.raises(InputError, match="at least one sample, found none"):
        quantize(dense_net(), "int8", data=[])


def test_samples_that_do_not_fit_are_named() -> None:
    with pytest.raises(InputError, match="input 'x' needs shape 1×64, found 1×63"):
        quantize(dense_net(), "int8", data=[floats(1, 63)])
    with pytest.raises(InputError, match="finite values, found NaN"):
        quantize(dense_net(), "int8", data=[np.full((1, 64), np.nan, np.float32)])
    with pytest.raises(InputError, match="no file or folder"):
        quantize(dense_net(), "int8", data="nothing.npy")
    with pytest.raises(InputError, match="no input 'y'"):
        quantize(dense_net(), "int8", data=[{"y": floats(1, 64)}])


def test_values_that_are_always_zero_keep_every_scale_finite() -> None:
    for scheme in ("int8", "int16x8"):
        found = quantize(dense_net(), scheme, data=[np.zeros((1, 64), np.float32)])
        assert "input x was 0 in every sample: nothing is known of its range" in found.report.notes
        (got,) = computes(read_model(found.content), x=np.zeros((1, 64), np.float32))
        want = computes(dense_net(), x=np.zeros((1, 64), np.float32))[0]
        assert got.shape == want.shape
        assert np.isfinite(got).all()


def test_a_bias_that_int32_cannot_hold_makes_the_weights_scale_larger() -> None:
    g = Builder()
    x = g.input((1, 2), "float32", "x")
    w = g.constant(np.full((1, 2), 1e-9, np.float32))
    model = g.model(
        [g.op("FULLY_CONNECTED", [x, w, g.constant(np.array([100.0], np.float32))],
              [g.tensor((1, 1), "float32", "y")])]
    )  # fmt: skip
    data = [np.array([[-1e-3, 1e-3]], np.float32)]
    op = the("FULLY_CONNECTED", quantize(model, "int8", data=data).model)
    bias = op.inputs[2]
    assert float(bias.data[0]) * float(bias.quantization.scale[0]) == pytest.approx(100.0)


def test_batches_of_any_size_stay_open() -> None:
    g = Builder()
    x = g.input((-1, 4), "float32", "x")
    y = g.op("RELU", [x], [g.tensor((1, 4), "float32", "y")])
    y = g.op("EXP", [y], [g.tensor((1, 4), "float32", "y")])
    found = quantize(g.model([y]), "int8", data=samples(3, 4), inputs="int8").model
    assert found.subgraphs[0].inputs[0].shape_signature == (-1, 4)
    assert computes(found, x=np.zeros((5, 4), np.int8))[0].shape == (5, 4)


def test_an_lstm_has_the_integers_of_the_specification() -> None:
    g = Builder()
    x = g.input((1, 3, 4), "float32", "x")
    weights = [g.constant(floats(5, n)) for n in (4, 4, 4, 4, 5, 5, 5, 5)]
    biases, state = (
        [g.constant(floats(5)) for _ in range(4)],
        [g.variable((1, 5), "float32") for _ in range(2)],
    )
    inputs = [x, *weights, *[None] * 3, *biases, *[None] * 2, *state, *[None] * 4]
    y = g.tensor((1, 3, 5), "float32", "y")
    g.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y], fused_activation_function="TANH", cell_clip=10.0)
    op = the("UNIDIRECTIONAL_SEQUENCE_LSTM", quantize(g.model([y]), "int8", data=samples(1, 3, 4)).model)
    x, y = op.inputs[0], op.outputs[0]
    assert [t.dtype for t in op.inputs[12:16]] == ["int32"] * 4
    for bias, weight in zip(op.inputs[12:16], op.inputs[1:5], strict=True):
        assert bias.scale == pytest.approx(x.scale * weight.scale)
        assert weight.zero_point == 0
    output_state, cell = op.inputs[18:20]
    assert (output_state.dtype, output_state.scale, output_state.is_variable) == ("int8", y.scale, True)
    assert (cell.dtype, np.log2(cell.scale) % 1, cell.is_variable) == ("int16", 0, True)
    assert [t.dtype for t in op.intermediates] == ["float32"] * 4 + ["int8"]
    assert op.intermediates[4].scale == y.scale


def test_an_lstm_with_all_has_the_integers_of_the_specification() -> None:
    model = whole_lstm(outputs=3)
    op = the("UNIDIRECTIONAL_SEQUENCE_LSTM", quantize(model, "int8", data=samples(2, 4, 6)).model)
    assert [t.dtype for t in op.inputs[9:12]] == ["int16"] * 3  # peepholes
    assert [t.dtype for t in op.inputs[16:20]] == ["int8", "int32", "int8", "int16"]
    assert [t.dtype for t in op.intermediates] == ["int16"] * 4 + ["int8"]
    for bias, norm in zip(op.inputs[12:16], op.inputs[20:24], strict=True):
        assert (norm.dtype, bias.scale) == ("int16", pytest.approx(norm.scale / 1024))
    assert op.inputs[17].scale == pytest.approx(op.inputs[16].scale * op.intermediates[4].scale)


def test_an_svdf_has_the_integers_of_the_specification() -> None:
    g = Builder()
    x, state = g.input((1, 4), "float32", "x"), g.variable((1, 3 * 5), "float32")
    constants = [g.constant(floats(*shape)) for shape in ((3, 4), (3, 5), (3,))]
    y = g.tensor((1, 3), "float32", "y")
    g.op("SVDF", [x, *constants, state], [y], rank=1, fused_activation_function="RELU")
    op = the("SVDF", quantize(g.model([y]), "int8", data=samples(1, 4)).model)
    assert [t.dtype for t in op.inputs] == ["int8", "int8", "int16", "int32", "int16"]
    assert np.abs(op.inputs[2].data).max() == 511  # of 10 bits
    assert op.inputs[3].scale == pytest.approx(op.inputs[2].scale * op.inputs[4].scale)
    assert (op.outputs[0].zero_point, op.version) == (-128, 3)


def test_values_that_an_svdf_shares_a_scale_with_do_not_undo_its_relu() -> None:
    g = Builder()
    x, state = g.input((1, 4), "float32", "x"), g.variable((1, 3 * 5), "float32")
    constants = [g.constant(floats(*shape)) for shape in ((3, 4), (3, 5), (3,))]
    y = g.tensor((1, 3), "float32", "y")
    g.op("SVDF", [x, *constants, state], [y], rank=1, fused_activation_function="RELU")
    model = g.model([g.op("CONCATENATION", [y, x], [g.tensor((1, 7), "float32", "z")], axis=1)])
    (out,) = the("SVDF", quantize(model, "int8", data=samples(1, 4)).model).outputs
    assert out.zero_point == -128


def test_integers_outside_need_integers_inside() -> None:
    with pytest.raises(InputError, match=r"inputs as int8 need a scheme with integers between ops"):
        quantize(dense_net(), "float16", inputs="int8")


def test_an_output_without_a_range_is_not_given_as_integers() -> None:
    g = Builder()
    x = g.input((1, 4), "float32", "x")
    model = g.model([g.op("LOG", [x], [g.tensor((1, 4), "float32", "log")])])
    data = [np.float32([[-1, 2, 3, 4]])]
    with pytest.raises(InputError, match="'log' as int8 needs a range: its values were not all finite"):
        quantize(model, "int8", data=data, inputs="int8")
    found = quantize(model, "int8", data=data)
    assert found.report.notes[0] == "ranges by minmax: outputs of samples are not all finite in floats"
