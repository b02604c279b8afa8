"""``delegraph edgetpu``: files, logs, exit codes."""

from __future__ import annotations

import csv
import json
import os
import re

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import Interpreter
from delegraph.cli import main


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the command and gives exit code and output."""

    def invoke(*arguments):
        result = CliRunner().invoke(main, ["edgetpu", *map(str, arguments)])
        return result.exit_code, result.output

    return invoke


@pytest.fixture
def partly(net, saved):
    """A model of three ops, one of which is mapped."""
    n = net()
    x = n.op("RELU", [n.input(1, 8)], 1, 8)
    y = n.op("RELU", [n.op("ABS", [x], 1, 8)], 1, 8)
    return saved(n.model(y))


def test_a_model_and_a_log_are_written(run, partly, tmp_path):
    code, output = run("compile", partly, "-o", tmp_path / "out")

    assert code == 0, output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "model_edgetpu.log",
        "model_edgetpu.tflite",
    ]
    written = str(tmp_path / "out" / "model_edgetpu.tflite")
    assert Interpreter(written, delegates=["edgetpu", "reference"])(np.zeros((1, 8), np.int8)).shape == (
        1,
        8,
    )


def test_the_log_has_the_compilers_form(run, partly, tmp_path):
    run("compile", partly, "-o", tmp_path)

    log = (tmp_path / "model_edgetpu.log").read_text()
    lines = [re.sub(r"\d+ ms\.", "N ms.", line) for line in log.splitlines()]
    out = tmp_path / "model_edgetpu"
    sizes = [f"{p.stat().st_size / 1024:.2f}KiB" for p in (partly, out.with_suffix(".tflite"))]
    assert lines[2:11] == [
        "Model compiled successfully in N ms.",
        "",
        f"Input model: {partly}",
        f"Input size: {sizes[0]}" if partly.stat().st_size >= 1024 else lines[5],
        f"Output model: {out}.tflite",
        f"Output size: {sizes[1]}",
        "On-chip memory used for caching model parameters: 0.00B",
        lines[9],
        "Off-chip memory used for streaming uncached model parameters: 0.00B",
    ]
    assert re.fullmatch(r"On-chip memory remaining for caching model parameters: [\d.]+MiB", lines[9])
    assert lines[11:14] == [
        "Number of Edge TPU subgraphs: 1",
        "Total number of operations: 3",
        f"Operation log: {out}.log",
    ]
    assert "Number of operations that will run on Edge TPU: 1" in lines
    assert "Number of operations that will run on CPU: 2" in lines
    table = lines.index("Operator                       Count      Status")
    assert lines[table + 1 : table + 5] == [
        "",
        "RELU                           1          Mapped to Edge TPU",
        "ABS                            1          Operation not supported",
        "RELU                           1          More than one subgraph is not supported",
    ]


def test_the_way_out_of_each_refusal_is_in_the_log_and_on_the_screen(run, partly, tmp_path):
    _, output = run("compile", partly, "-o", tmp_path)

    for text in (output, (tmp_path / "model_edgetpu.log").read_text()):
        assert "- ABS #1: the Edge TPU has no such operation\n  way out: use MAXIMUM of x" in text
        assert "- RELU #2: supported, but it waits for op #1 ABS v1 on the CPU\n  way out: make th" in text


def test_the_table_is_printed_on_request(run, partly, tmp_path):
    assert "Operator  " not in run("compile", partly, "-o", tmp_path)[1]
    assert "Operator  " in run("compile", partly, "-o", tmp_path, "-s")[1]


def test_all_subsets_are_mapped_on_request(run, partly, tmp_path):
    assert "Number of Edge TPU subgraphs: 2" in run("compile", partly, "-o", tmp_path, "-a")[1]


def test_the_compilers_spelling_of_options_works(run, partly, tmp_path):
    code, output = run("compile", partly, "--out_dir", tmp_path, "--min_runtime_version", "13")

    assert code == 0, output


def test_a_name_that_ends_in_tflite_is_a_file(run, partly, tmp_path):
    code, _ = run("compile", partly, "-o", tmp_path / "a" / "b.tflite")

    assert code == 0
    assert (tmp_path / "a" / "b.tflite").exists()
    assert (tmp_path / "a" / "b.log").exists()


def test_several_models_are_compiled_together(run, net, saved, tmp_path):
    paths = []
    for name in ("one", "two"):
        n = net()
        n.conv(n.input(1, 4, 4, 3), 8)
        paths.append(saved(n, f"{name}.tflite"))

    code, output = run("compile", *paths, "-o", tmp_path)

    assert code == 0
    assert output.count("Model compiled successfully") == 2
    assert (tmp_path / "two_edgetpu.tflite").exists()


def test_segments_are_files(run, net, saved, tmp_path):
    n = net()
    n.conv(n.conv(n.input(1, 4, 4, 3), 8), 8)

    code, _ = run("compile", saved(n), "-o", tmp_path, "-n", "2")

    assert code == 0
    assert (tmp_path / "model_segment_1_of_2_edgetpu.tflite").exists()


def test_a_page_of_bars_is_written(run, partly, tmp_path):
    code, _ = run("compile", partly, "-o", tmp_path, "--report", tmp_path / "report.html")

    assert code == 0
    page = (tmp_path / "report.html").read_text()
    assert "op #1 ABS v1" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_a_failure_is_exit_code_1_a_message_and_a_log_with_the_compilers_words(run, net, saved, tmp_path):
    n = net("float32")
    n.op("ADD", [n.input(1, 4), n.input(1, 4)], 1, 4)

    code, output = run("compile", saved(n), "-o", tmp_path)

    assert code == 1
    assert "this model is float32; quantize it first" in output
    assert "Model not quantized" in (tmp_path / "model_edgetpu.log").read_text()
    assert not (tmp_path / "model_edgetpu.tflite").exists()


def test_a_model_of_which_nothing_is_mapped_leaves_a_log_with_the_way_out(run, net, saved, tmp_path):
    n = net()
    n.op("SQUARE", [n.input(1, 4)], 1, 4)

    code, output = run("compile", saved(n), "-o", tmp_path)

    assert code == 1
    assert "none of the 1 ops can be mapped to the Edge TPU" in output
    assert "way out: use MUL of x by itself" in (tmp_path / "model_edgetpu.log").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "one.tflite", "-n", "2"), "-o needs a directory, found one.tflite"),
        (("-n", "2", "-a"), "--num-segments needs one model"),
        (("-m", "9"), "9 is not in the range 10<=x<=14"),
    ],
)
def test_options_that_do_not_go_together_are_exit_code_2(run, partly, arguments, message):
    code, output = run("compile", partly, *arguments)

    assert code == 2
    assert message in output


def test_a_model_is_not_overwritten(run, partly):
    code, output = run("compile", partly, "-o", partly)

    assert code == 2
    assert "needs another file to write than the model itself" in output


@pytest.mark.parametrize("link", [os.link, os.symlink])
@pytest.mark.parametrize("name", ["model_edgetpu.tflite", "report.html"])
def test_no_output_is_another_name_of_the_model(run, partly, tmp_path, link, name):
    (tmp_path / "out").mkdir()
    link(partly, tmp_path / "out" / name)
    before = partly.read_bytes()

    code, output = run(
        "compile", partly, "-o", tmp_path / "out", "--report", tmp_path / "out" / "report.html"
    )

    assert code == 2
    assert "needs another file to write than the model itself" in output
    assert partly.read_bytes() == before
    assert [p.name for p in (tmp_path / "out").iterdir()] == [name]


def test_a_report_takes_the_place_of_no_other_output(run, partly, tmp_path):
    for name in ("model_edgetpu.tflite", "model_edgetpu.log"):
        code, output = run("compile", partly, "-o", tmp_path, "--report", tmp_path / name)

        assert code == 2
        assert "needs a file of its own for the report" in output
        assert not (tmp_path / name).exists()


def test_a_log_takes_the_place_of_a_log_alone(run, partly, tmp_path):
    assert run("compile", partly, "-o", tmp_path / "out.tflite")[0] == 0
    assert run("compile", partly, "-o", tmp_path / "out.tflite")[0] == 0
    (tmp_path / "out.log").write_text("of another program")

    code, output = run("compile", partly, "-o", tmp_path / "out.tflite")

    assert code == 2
    assert "is no log of a compilation" in " ".join(output.split())
    assert (tmp_path / "out.log").read_text() == "of another program"


def test_a_link_to_an_older_output_stays_one(run, partly, tmp_path):
    (tmp_path / "older.tflite").write_bytes(b"older")
    os.symlink("older.tflite", tmp_path / "model_edgetpu.tflite")

    assert run("compile", partly, "-o", tmp_path)[0] == 0

    assert (tmp_path / "model_edgetpu.tflite").is_symlink()
    assert (tmp_path / "older.tflite").read_bytes()[4:8] == b"TFL3"


def test_a_full_disk_is_an_error_with_the_path_and_leaves_nothing_behind(run, partly, tmp_path):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))  # a write beyond it fails, as on a full disk
    try:
        code, output = run("compile", partly, "-o", tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert code == 1
    assert "model_edgetpu.tflite' cannot be written: File too large" in output
    assert not (tmp_path / "out").exists()


def test_models_of_one_name_are_told_apart(run, partly, tmp_path):
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "model.tflite"
    twin.write_bytes(partly.read_bytes())

    assert "models need different names" in run("compile", partly, twin)[1]


def test_more_segments_than_ops_are_an_error(run, partly, tmp_path):
    code, output = run("compile", partly, "-o", tmp_path, "-n", "9")

    assert code == 1
    assert "9" in output


def test_show_says_what_a_compiled_file_holds(run, partly, tmp_path):
    run("compile", partly, "-o", tmp_path)

    code, output = run("show", tmp_path / "model_edgetpu.tflite")

    assert code == 0
    assert re.fullmatch(
        r"op #0 edgetpu-custom-op v1: a model of 1 ops \([\d,]+ bytes, runtime 10 or later, written by "
        r"delegraph-edgetpu [\d.]+\)\n",
        output,
    )
    assert "it is not compiled" in run("show", partly)[1]


def test_json_and_csv_have_every_op(run, partly, tmp_path):
    code, output = run("compile", partly, "-o", tmp_path, "--json")
    (found,) = json.loads(output)
    assert code == 0
    assert found["output"] == str(tmp_path / "model_edgetpu.tflite")
    mapped = [o["mapped"] for o in found["operations"]]
    assert True in mapped
    assert False in mapped
    rows = list(csv.DictReader(run("compile", partly, "-o", tmp_path, "--csv")[1].splitlines()))
    assert [(r["op"], r["status"]) for r in rows] == [(o["op"], o["status"]) for o in found["operations"]]
    (op,) = json.loads(run("show", tmp_path / "model_edgetpu.tflite", "--json")[1])
    assert op["holds"].startswith("a model of 1 ops")


def test_the_package_offers_the_command():
    assert "edgetpu" in CliRunner().invoke(main, ["--help"]).output
