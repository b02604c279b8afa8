"""Models of several subgraphs and signatures, of state, strings and ops that nobody knows."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import Blocks, Builder, Interpreter, Model, ModelError, Signature, write_model
from delegraph_optimize import dequantize, quantize
from delegraph_optimize.commands import quantize as command
from small import computes, floats, ops


def branches() -> Model:
    """x > 0 in its first place: W x + b; else exp x."""
    g = Builder()
    x = g.input((1, 8), "float32", "x")
    first = g.op(
        "SLICE",
        [x, g.constant(np.zeros(2, np.int32)), g.constant(np.ones(2, np.int32))],
        [g.tensor((1, 1), "float32")],
    )
    first = g.op("RESHAPE", [first, g.constant(np.zeros(0, np.int32))], [g.tensor((), "float32")])
    positive = g.op("GREATER", [first, g.constant(np.float32(0))], [g.tensor((), "bool")])
    then, other = g.subgraph("then"), g.subgraph("else")
    v = then.input((1, 8), "float32", "v")
    w, b = then.constant(floats(8, 8)), then.constant(floats(8))
    then.returns(then.op("FULLY_CONNECTED", [v, w, b], [then.tensor((1, 8), "float32")]))
    v = other.input((1, 8), "float32", "v")
    other.returns(other.op("EXP", [v], [other.tensor((1, 8), "float32")]))
    y = g.tensor((1, 8), "float32", "y")
    options = {"then_subgraph_index": then.index, "else_subgraph_index": other.index}
    return g.model([g.op("IF", [positive, x], [y], **options)])


def test_what_branches_compute_has_integers_inside() -> None:
    model = branches()
    data = [floats(1, 8) for _ in range(8)]
    found = quantize(model, "int8", data=data).model
    assert [op.name for op in found.subgraphs[1].ops] == ["QUANTIZE", "FULLY_CONNECTED", "DEQUANTIZE"]
    assert [op.name for op in found.subgraphs[2].ops] == ["QUANTIZE", "EXP", "DEQUANTIZE"]
    for x in data:
        np.testing.assert_allclose(computes(found, x=x)[0], computes(model, x=x)[0], atol=0.06)


def test_what_reads_the_result_of_a_branch_has_integers() -> None:
    g = Builder()
    x, c = g.input((1, 8), "float32", "x"), g.input((), "bool", "c")
    branches_ = [g.subgraph(name) for name in ("then", "else")]
    for branch, op in zip(branches_, ("TANH", "EXP"), strict=True):
        v = branch.input((1, 8), "float32", "v")
        branch.returns(branch.op(op, [v], [branch.tensor((1, 8), "float32")]))
    options = {"then_subgraph_index": 1, "else_subgraph_index": 2}
    y = g.op("IF", [c, x], [g.tensor((1, 8), "float32", "y")], **options)
    w = g.constant(floats(4, 8))
    model = g.model([g.op("FULLY_CONNECTED", [y, w, None], [g.tensor((1, 4), "float32")])])
    data = [{"x": floats(1, 8), "c": np.bool_(i % 2)} for i in range(8)]
    found = quantize(model, "int8", data=data)
    assert [o.scheme for o in found.report.outcomes if o.op != "IF"] == ["int8"] * 3
    for one in data:
        np.testing.assert_allclose(computes(found.model, **one)[0], computes(model, **one)[0], atol=0.2)


def test_a_branch_that_no_sample_takes_stays_in_floats_and_the_report_says_so() -> None:
    data = [np.abs(floats(1, 8)) for _ in range(4)]
    report = quantize(branches(), "int8", data=data).report
    (left,) = (o for o in report.outcomes if o.op == "EXP")
    assert (left.scheme, left.reason) == ("float32", "no sample reached it")


def signed() -> Model:
    """Return a model of two signatures, each of a subgraph."""
    g = Builder()
    x = g.input((1, 4), "float32", "x")
    w = g.constant(floats(3, 4))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 3), "float32", "y")])
    other = g.subgraph("other")
    v = other.input((1, 4), "float32", "v")
    other.returns(other.op("EXP", [v], [other.tensor((1, 4), "float32", "z")]))
    model = g.model([y])
    signatures = (Signature("first", {"x": 0}, {"y": 2}, 0), Signature("second", {"v": 0}, {"z": 1}, 1))
    return attrs.evolve(model, signatures=signatures)


def test_the_command_takes_samples_of_each_signature(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(write_model(signed()))
    for name in ("x", "v"):
        np.save(tmp_path / f"{name}.npy", floats(4, 1, 4))
    call = [str(tmp_path / "m.tflite"), "-o", str(tmp_path / "small.tflite"), "--scheme", "int8"]
    first, second = (
        f"--data={key}={tmp_path / name}.npy" for key, name in (("first", "x"), ("second", "v"))
    )
    done = CliRunner().invoke(command, [*call, first, second])
    assert "int8: 2 of 2 ops quantized" in done.output
    assert "on 8 samples" in done.output
    done = CliRunner().invoke(command, [*call, first])
    assert "int8: 1 of 2 ops quantized" in done.output
    done = CliRunner().invoke(command, [*call, first, f"--data={tmp_path / 'v.npy'}"])
    assert "several need SIGNATURE=PATH each" in done.output
    done = CliRunner().invoke(command, [*call, f"--data=third={tmp_path / 'x.npy'}"])
    assert "no signature 'third' to have samples; the model's: first, second" in str(done.exception)


def test_signatures_are_calibrated_each_with_its_samples() -> None:
    model = signed()
    data = {"first": [floats(1, 4) for _ in range(4)], "second": [{"v": floats(1, 4)} for _ in range(4)]}
    found = quantize(model, "int8", data=data, inputs="int8")
    assert [o.scheme for o in found.report.outcomes] == ["int8", "int8"]
    x_ = np.ones((1, 4), np.int8)
    with Interpreter(model=found.model) as interpreter:
        assert set(interpreter.get_signature_runner("first")(x=x_)) == {"y"}
        assert interpreter.get_signature_runner("second")(v=x_)["z"].dtype == np.int8


def test_strings_resources_and_unknown_ops_pass_through() -> None:
    g = Builder()
    x, text = g.input((1, 64), "float32", "x"), g.input((1,), "string", "text")
    handle = g.op("VAR_HANDLE", [], [g.tensor((), "resource")], shared_name="v")
    g.op("ASSIGN_VARIABLE", [handle, x], [])
    y = g.op("MyOwnOp", [x, text], [g.tensor((1, 64), "float32", "y")], custom_options=b"kept")
    z = g.op("FULLY_CONNECTED", [y, g.constant(floats(32, 64)), None], [g.tensor((1, 32), "float32")])
    model = g.model([z])
    found = quantize(model, "dynamic")
    assert ops(found.model) == ["VAR_HANDLE", "ASSIGN_VARIABLE", "MyOwnOp", "FULLY_CONNECTED"]
    assert found.model.subgraphs[0].ops[2].custom_options == b"kept"
    assert [o.scheme for o in found.report.outcomes] == ["float32"] * 3 + ["dynamic"]


@pytest.mark.parametrize(
    ("op", "inputs", "outputs", "lacks"),
    [
        ("FULLY_CONNECTED", 0, 1, "input 0"),
        ("CONV_2D", 1, 1, "input 1"),
        ("MUL", 1, 1, "input 1"),
        ("RELU", 0, 1, "input 0"),
        ("MAX_POOL_2D", 0, 1, "input 0"),
        ("DEQUANTIZE", 1, 0, "output 0"),
    ],
)
def test_an_op_of_a_broken_file_that_lacks_an_operand_is_named(
    op: str, inputs: int, outputs: int, lacks: str
) -> None:
    g = Builder()
    x = g.input((1, 64), "float32", "x")
    g.op("NEG", [x], [g.tensor((1, 64), "float32", "n")])
    g.op(op, [x] * inputs, [g.tensor((1, 4), "float32", f"y{i}") for i in range(outputs)])
    model = g.model()
    for make in (lambda: quantize(model, "dynamic"), lambda: dequantize(model)):
        with pytest.raises(ModelError, match=rf"^op #1 {op} v\d needs {lacks}, found none"):
            make()


def test_a_scale_makes_no_real_numbers_of_what_counts() -> None:
    """int64 that an op computes with stays so, whatever scale a broken file gives one of its operands."""
    g = Builder()
    x = g.input((1, 4), "int64", "x", scale=0.5, zero_point=0)
    one = g.constant(np.int64([1]), scale=0.5, zero_point=0)
    g.op("ADD", [x, one], [g.tensor((1, 4), "int64", "y")])
    (graph,) = dequantize(g.model()).model.subgraphs
    assert {t.dtype for t in graph.tensors} == {"int64"}


def test_blocks_without_a_scale_for_each_are_left_as_they_are() -> None:
    g = Builder()
    x = g.input((2, 64), "float32", "x")
    blocks = Blocks(g.constant(np.float16([0.5])), 32)
    w = g.constant(np.ones((4, 64), np.int8), "int4", blocks=blocks)
    g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((2, 4), "float32", "y")], version=12)
    (graph,) = dequantize(g.model()).model.subgraphs
    assert [t.dtype for t in graph.ops[0].inputs if t is not None] == ["float32", "int4"]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(b"TFL3" * 10)
    with pytest.raises(ModelError, match="broken"):
        quantize(path, "float16")
