"""``delegraph quantize`` and ``delegraph dequantize``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import Builder, Model, ModelError, read_model, write_file, write_model
from delegraph_optimize import bounded, measure
from delegraph_optimize import dequantize as float_view
from delegraph_optimize import quantize as quantized
from delegraph_optimize.commands import dequantize, prune, quantize
from small import dense_net, floats, ops


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.tflite"
    write_file(path, write_model(dense_net()))
    return str(path)


def test_a_smaller_file_is_written_and_each_op_told(model: str, tmp_path: Path) -> None:
    out = str(tmp_path / "small.tflite")
    done = CliRunner().invoke(quantize, [model, "-o", out, "--scheme", "dynamic"])
    assert done.exit_code == 0, done.output
    assert "its weights have fewer than 1024 values" in done.output
    assert "int8 weights" in done.output
    assert Path(out).stat().st_size < Path(model).stat().st_size
    assert ops(read_model(out)) == ["FULLY_CONNECTED", "FULLY_CONNECTED"]


def test_the_float_view_is_written(model: str, tmp_path: Path) -> None:
    half, out = str(tmp_path / "half.tflite"), str(tmp_path / "floats.tflite")
    assert CliRunner().invoke(quantize, [model, "-o", half, "--scheme", "float16"]).exit_code == 0
    done = CliRunner().invoke(dequantize, [half, "-o", out])
    assert "the model is quantized (" in done.output
    assert {t.dtype for t in read_model(out).subgraphs[0].tensors} == {"float32"}


def test_for_the_edge_tpu_the_compilers_table_comes_last(model: str, tmp_path: Path) -> None:
    data = tmp_path / "samples.npy"
    np.save(data, floats(4, 1, 64))
    common = [model, "-o", str(tmp_path / "out.tflite"), "--scheme", "int8", "--data", str(data)]
    whole = CliRunner().invoke(quantize, [*common, "--target", "edgetpu", "--inputs", "int8"]).output
    assert "FULLY_CONNECTED                2          Mapped to Edge TPU" in whole
    assert whole.rstrip().endswith("All operations run on the Edge TPU.")
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nindex = 2\nscheme = "float32"\n', encoding="utf-8")
    part = CliRunner().invoke(quantize, [*common, "--target", "edgetpu", "--rules", str(rules)]).output
    assert "FULLY_CONNECTED                1          Mapped to Edge TPU" in part
    assert "Why operations run on the CPU, and what would make them pass:" in part


def test_the_edge_tpu_s_reason_is_that_for_the_integers_not_for_the_floats_that_are_left(
    tmp_path: Path,
) -> None:
    g = Builder()
    x = g.input((1, 4, 8), "float32", "x")
    y = g.op("SOFTMAX", [x], [g.tensor((1, 4, 8), "float32", "y")], beta=1.0)
    model, data = tmp_path / "softmax.tflite", tmp_path / "samples.npy"
    write_file(model, write_model(g.model([y])))
    np.save(data, floats(4, 4, 8))
    options = ["--scheme", "int8", "--data", str(data), "--target", "edgetpu", "--inputs", "int8"]
    found = CliRunner().invoke(quantize, [str(model), "-o", str(tmp_path / "out.tflite"), *options]).output
    assert "- SOFTMAX #0: needs an input of one dimension" in found
    assert "quantize the model to int8" not in found.partition("Why operations run on the CPU")[2]


def test_the_model_itself_is_never_overwritten(model: str) -> None:
    before = Path(model).read_bytes()
    done = CliRunner().invoke(quantize, [model, "-o", model, "--scheme", "float16"])
    assert done.exit_code != 0
    assert Path(model).read_bytes() == before


def test_a_pruned_file_and_its_page_are_written(model: str, tmp_path: Path) -> None:
    out, html = tmp_path / "pruned.tflite", tmp_path / "page.html"
    done = CliRunner().invoke(prune, [model, "-o", str(out), "--sparsity", "0.75", "--html", str(html)])
    assert done.exit_code == 0, done.output
    assert "pruned 75 %: 2 of 2 layers; 75.0 % of 2,176 weights are 0" in done.output
    assert read_model(out).subgraphs[0].ops[0].inputs[1].data.size == 2048
    assert "75 %" in html.read_text("utf-8")
    done = CliRunner().invoke(prune, [model, "-o", str(out), "--sparse", "--json"])
    assert [o["stored"] for o in json.loads(done.output)["outcomes"]] == ["sparse", "sparse"]


def test_a_scan_is_printed_and_drawn(model: str, tmp_path: Path) -> None:
    data, plot = tmp_path / "samples.npy", tmp_path / "scan.svg"
    np.save(data, floats(4, 1, 64))
    done = CliRunner().invoke(prune, [model, "--scan", "--data", str(data), "--plot", str(plot)])
    assert done.exit_code == 0, done.output
    assert "when one layer alone is pruned (unstructured); 4 samples" in done.output
    assert plot.read_text("utf-8").endswith("</svg>")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "-o/--output is needed"),
        (["-o", "x.tflite", "--plot", "x.svg"], "--plot is of a scan"),
        (["--scan"], "--scan needs samples: --data"),
        (["--scan", "--data", "d", "-o", "x.tflite"], "-o/--output is for pruning"),
    ],
)
def test_options_that_do_not_go_together_are_an_error(model: str, options: list[str], said: str) -> None:
    done = CliRunner().invoke(prune, [model, *options])
    assert done.exit_code == 2
    assert said in done.output


def endless() -> Model:
    """A loop without end beside a product."""
    g = Builder()
    cond, body = g.subgraph("cond"), g.subgraph("body")
    n = cond.input((), "int32")
    cond.returns(cond.op("EQUAL", [n, n], [cond.tensor((), "bool")]))
    n = body.input((), "int32")
    body.returns(body.op("ADD", [n, body.constant(np.int32(1))], [body.tensor((), "int32")]))
    places = {"cond_subgraph_index": cond.index, "body_subgraph_index": body.index}
    return g.model([g.op("WHILE", [g.input((), "int32", "n")], [g.tensor((), "int32")], **places)])


def test_a_loop_without_end_is_bounded() -> None:
    with bounded(max_while_iterations=10), pytest.raises(ModelError, match="max_while_iterations=10"):
        quantized(endless(), "int8", data=[{"n": np.int32(0)}])


def test_what_a_model_asks_for_is_bounded(tmp_path: Path) -> None:
    g = Builder()
    wide = g.op(
        "FILL",
        [g.constant(np.int32([1 << 20])), g.constant(np.float32(1))],
        [g.tensor((1 << 20,), "float32")],
    )
    model = g.model([g.op("NEG", [wide], [g.tensor((1 << 20,), "float32")])])
    for make in (float_view, lambda m: measure([m], delegates=()), lambda m: quantized(m, "float16")):
        make(model)
    with bounded(max_tensor_bytes=1 << 20):
        for make in (float_view, lambda m: quantized(m, "float16")):
            with pytest.raises(ModelError, match="max_tensor_bytes"):
                make(model)
    given, out = str(tmp_path / "model.tflite"), str(tmp_path / "out.tflite")
    write_file(given, write_model(model))
    done = CliRunner().invoke(dequantize, [given, "-o", out, "--max-tensor-bytes", "1000000"])
    assert "max_tensor_bytes" in str(done.exception)
