"""``delegraph inspect``: what it prints and what its JSON holds."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner, Result
from delegraph.cli import main
from delegraph.file import write_model
from delegraph.model import Builder, Model


@pytest.fixture
def path(tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("labels.txt", "cat\ndog\n")
    file = tmp_path / "small.tflite"
    file.write_bytes(write_model(model()) + archive.getvalue())
    return str(file)


def model() -> Model:
    g = Builder()
    x = g.input((-1, 4), "int8", name="x", scale=0.5, zero_point=-3)
    w = g.constant(np.ones((2, 4), np.int8), name="w", scale=[0.25, 0.5])
    b = g.constant(np.zeros(2, np.int32), name="b")
    y = g.tensor((1, 2), "int8", name="y", scale=1.5)
    y = g.op("FULLY_CONNECTED", [x, w, b], [y], version=4, fused_activation_function="RELU")
    z = g.op("Own", [y, y, y, None], [g.tensor((), "float32", name="z")], custom_options=b"12345")
    return g.model(outputs=[z], signature="serve", metadata={"note": b"abc"}, description="tiny")


def inspected(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["inspect", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result


def lines(*arguments: str) -> list[str]:
    """Return what is printed, with single blanks."""
    return [" ".join(line.split()) for line in inspected(*arguments).stdout.splitlines()]


def test_the_head_says_what_the_model_is(path):
    said = lines(path)
    assert said[0].startswith(path)
    assert "described as 'tiny'" in said


def test_a_signature_is_listed_with_types_shapes_and_quantization(path):
    said = lines(path)
    assert "signature 'serve'" in said
    assert "input x int8 ?×4 0.5 × (q + 3) 0" in said
    assert "output z float32 scalar 4" in said


def test_ops_are_counted_by_version_and_types(path):
    said = lines(path)
    assert "2 ops, 8 MACs (multiply-accumulates) in a run" in said
    assert "FULLY_CONNECTED 4 1 8 int8 int8 int32 -> int8" in said
    assert "Own 1 1 int8 ×3 none -> float32" in said


def test_constants_are_summed_by_type(path):
    said = lines(path)
    assert "8 parameters, 16 B of constants" in said
    assert "int8 1 8 B 1 per axis" in said
    assert "int32 1 8 B" in said


def test_metadata_and_attached_files_are_named(path):
    said = lines(path)
    assert "note 3 B" in said
    assert "attached files: labels.txt" in said


def test_ops_are_listed_on_request(path):
    said = lines(path, "--ops")
    assert "ops of subgraph 0 'main'" in said
    assert any(
        line.startswith("0 FULLY_CONNECTED 4 t0 t1 t2 t3 fused_activation_function=RELU") for line in said
    )
    assert "1 Own 1 t3 t3 t3 - t4 5 B of its own" in said


def test_tensors_are_listed_on_request(path):
    said = lines(path, "--tensors")
    assert "t0 x int8 ?×4 input 4 B 0.5 × (q + 3)" in said
    assert "t1 w int8 2×4 constant 8 B 2 scales along axis 0" in said
    assert "t3 y int8 1×2 computed 2 B 1.5 × q" in said


def test_json_holds_everything(path):
    found = json.loads(inspected(path, "--json").stdout)
    assert found["signatures"][0]["inputs"] == [{"name": "x", "tensor": 0}]
    assert found["files"] == ["labels.txt"]
    graph = found["subgraphs"][0]
    assert graph["ops"][0]["options"]["fused_activation_function"] == "RELU"
    assert graph["tensors"][1]["quantization"]["scale"] == [0.25, 0.5]
    assert graph["tensors"][0]["shape_signature"] == [-1, 4]


def test_json_has_no_infinite_numbers(tmp_path):
    g = Builder()
    g.op("LEAKY_RELU", [g.input((1,), "float32")], [g.tensor((1,), "float32")], alpha=float("inf"))
    file = tmp_path / "infinite.tflite"
    file.write_bytes(write_model(g.model()))
    text = inspected(str(file), "--json").stdout
    found = json.loads(text, parse_constant=pytest.fail)
    assert found["subgraphs"][0]["ops"][0]["options"] == {"alpha": "inf"}


def test_a_broken_file_is_a_message_and_an_exit_code(tmp_path):
    file = tmp_path / "broken.tflite"
    file.write_bytes(b"\x08\0\0\0TFL3")
    result = CliRunner().invoke(main, ["inspect", str(file)])
    assert result.exit_code == 1
    assert f"error: {file}: Model at byte 8 lies beyond the file's 8 bytes" in result.output


def test_csv_has_a_line_for_each_op_or_tensor(tmp_path):
    g = Builder()
    x = g.input((1, 2), "float32", name="x")
    y = g.op("ADD", [x, x], [g.tensor((1, 2), "float32", name="=y")])
    (tmp_path / "m.tflite").write_bytes(write_model(g.model(outputs=[y])))
    found = CliRunner().invoke(main, ["inspect", str(tmp_path / "m.tflite"), "--csv"])
    ops = list(csv.DictReader(found.output.splitlines()))
    assert len(ops) == 1
    found = CliRunner().invoke(main, ["inspect", str(tmp_path / "m.tflite"), "--csv", "--tensors"])
    assert [r["name"] for r in csv.DictReader(found.output.splitlines())] == ["x", "'=y"]
