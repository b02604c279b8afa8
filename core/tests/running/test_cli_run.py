"""``delegraph run`` shows what a model says, and saves it."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path

import attrs
import numpy as np
import pytest
from delegraph.model import Builder, Signature

DIGITS = Path(__file__).parents[3] / "docs" / "models"


@pytest.fixture
def scores(saved):
    """Return the path of a model that gives back its input of three scores."""
    g = Builder()
    x = g.input((1, 3), "float32", name="x")
    return saved(
        g.model(
            outputs=[
                g.op(
                    "ADD",
                    [x, g.constant(np.zeros(1, np.float32))],
                    [g.tensor((1, 3), "float32", name="scores")],
                )
            ]
        )
    )


@pytest.fixture
def values(tmp_path):
    """Return a function that saves values as .npy."""

    def save(*numbers: float) -> str:
        np.save(tmp_path / "values.npy", np.float32([numbers]))
        return str(tmp_path / "values.npy")

    return save


def lines(result) -> list[str]:
    return [" ".join(line.split()) for line in result.output.splitlines()]


def test_outputs_are_listed_with_shape_type_and_statistics(delegraph, saved, products, values):
    result = delegraph("run", saved(products()), "-d", "exact", "-i", values(1, 2, 3, 4))
    assert result.exit_code == 0, result.output
    # y = (x + 1) * 2 and z = y + y, written out
    assert lines(result)[:3] == [
        "output shape type min max mean values",
        "y 1×4 float32 4 10 7 4 6 8 10",
        "z 1×4 float32 8 20 14 8 12 16 20",
    ]


def test_who_ran_how_many_ops_and_the_time_are_shown(delegraph, saved, products, values):
    result = delegraph("run", saved(products()), "-d", "exact", "-i", values(1, 2, 3, 4))
    shown = lines(result)
    assert (
        shown[shown.index("# runs on ops bytes in bytes out what") + 1] == "0 exact 3 16 B 32 B ADD ×2, MUL"
    )
    assert re.fullmatch(r"load .*s · prepare .*s · run .*s", shown[-1])


def test_top_classes_are_named_by_the_labels_file(delegraph, scores, values, tmp_path):
    (tmp_path / "labels.txt").write_text("cat\ndog\nowl\n")
    result = delegraph(
        "run", scores, "-d", "exact", "-i", values(1, 3, 2), "--labels", tmp_path / "labels.txt", "--top", 2
    )
    shown = lines(result)
    at = shown.index("class score label")
    assert shown[at + 1 : at + 4] == ["1 3 dog", "2 2 owl", ""]


def test_probabilities_are_shown_as_classes_without_labels(delegraph, scores, values):
    result = delegraph("run", scores, "-d", "exact", "-i", values(0.25, 0.5, 0.25))
    shown = lines(result)
    at = shown.index("class score")
    assert shown[at + 1 : at + 4] == ["1 0.5000", "0 0.2500", "2 0.2500"]


def test_other_numbers_are_not_taken_for_probabilities(delegraph, scores, values):
    result = delegraph("run", scores, "-d", "exact", "-i", values(-1, 1, 1))
    assert "class" not in result.output


def test_a_labels_file_of_another_length_is_told(delegraph, scores, values, tmp_path):
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    result = delegraph(
        "run", scores, "-d", "exact", "-i", values(1, 3, 2), "--labels", tmp_path / "labels.txt"
    )
    assert "output 'scores' has 3 classes, but there are 2 labels" in result.output
    assert result.exit_code == 0


def test_scores_of_a_quantized_output_are_real_values(delegraph, saved, products, tmp_path):
    np.save(tmp_path / "x.npy", np.int8([[1, 2, 3, 4]]))
    model = saved(products(dtype="int8", scale=0.5, zero_point=0))
    result = delegraph("run", model, "-d", "exact", "-i", tmp_path / "x.npy")
    # stored (x + 1) * 2, real half of that
    assert "y 1×4 int8 2 5 3.5 2 3 4 5" in lines(result)


def test_outputs_are_saved_by_name(delegraph, saved, products, values, tmp_path):
    path = tmp_path / "out.npz"
    result = delegraph("run", saved(products()), "-d", "exact", "-i", values(1, 2, 3, 4), "--output", path)
    assert result.exit_code == 0, result.output
    with np.load(path) as found:
        assert {name: found[name].tolist() for name in found} == {
            "y": [[4, 6, 8, 10]],
            "z": [[8, 12, 16, 20]],
        }


def test_an_output_called_file_is_saved_too(delegraph, saved, tmp_path):
    g = Builder()
    x = g.input((2,), "float32", name="x")
    model = saved(g.model(outputs=[g.op("NEG", [x], [g.tensor((2,), "float32", name="file")])]))
    result = delegraph("run", model, "-d", "exact", "-i", "random", "--output", tmp_path / "out.npz")
    assert result.exit_code == 0, result.output
    with np.load(tmp_path / "out.npz") as found:
        assert list(found) == ["file"]


def test_strings_are_saved_without_pickle(delegraph, saved, tmp_path):
    g = Builder()
    x = g.input((2,), "string", name="x")
    model = saved(g.model(outputs=[g.op("ADD", [x, x], [g.tensor((2,), "string", name="y")])]))
    np.save(tmp_path / "x.npy", np.array(["a", "b"]))
    result = delegraph(
        "run", model, "-d", "exact", "-i", tmp_path / "x.npy", "--output", tmp_path / "out.npz"
    )
    assert result.exit_code == 0, result.output
    with np.load(tmp_path / "out.npz") as found:
        assert found["y"].tolist() == [b"aa", b"bb"]


def test_the_name_of_a_variable_is_no_value_to_show_or_to_save(delegraph, saved, tmp_path):
    g = Builder()
    x = g.input((2,), "float32", name="x")
    handle = g.op("VAR_HANDLE", [], [g.tensor((), "resource", name="handle")], shared_name="v")
    y = g.op("NEG", [x], [g.tensor((2,), "float32", name="y")])
    model = saved(g.model(outputs=[handle, y]))
    result = delegraph("run", model, "-d", "exact", "-i", "random", "--output", tmp_path / "out.npz")
    assert result.exit_code == 0, result.output
    with np.load(tmp_path / "out.npz") as found:
        assert list(found) == ["y"]


def test_a_folder_that_cannot_be_is_found_out_before_the_run(delegraph, scores, values, tmp_path):
    (tmp_path / "none").write_text("")
    path = tmp_path / "none" / "out.npz"
    result = delegraph("run", scores, "-d", "exact", "-i", values(1, 2, 3), "--output", path)
    assert result.exit_code == 1
    assert f"error: '{path}' cannot be written: needs a folder" in result.output


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, which only Linux has")
def test_a_full_disk_is_an_error_and_leaves_nothing_behind(delegraph, scores, tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        with open("/dev/full", "w") as device:
            device.write("x")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    result = delegraph("run", scores, "-d", "exact", "-i", "random", "--output", tmp_path / "out.npz")
    assert result.exit_code == 1
    assert "out.npz' cannot be written: No space left on device" in result.output
    assert [p.name for p in tmp_path.iterdir() if "out" in p.name] == []


def test_a_missing_input_is_an_error_that_lists_it(delegraph, scores):
    result = delegraph("run", scores, "-d", "exact")
    assert result.exit_code == 1
    assert "error: no value for x 1×3 float32; give each input as --input NAME=FILE" in result.output


def test_an_unknown_signature_is_an_error_that_lists_those_there_are(delegraph, saved, products):
    result = delegraph("run", saved(products()), "-d", "exact", "-i", "random", "--signature", "serve")
    assert result.exit_code == 1
    assert "no signature 'serve'" in result.output


def test_a_signature_of_another_subgraph_is_run(delegraph, saved, values):
    g = Builder()
    x = g.input((1, 2), "float32", name="x")
    g.returns(g.op("NEG", [x], [g.tensor((1, 2), "float32", name="y")]))
    other = g.subgraph("other")
    a = other.input((1, 2), "float32", name="a")
    b = other.op("ADD", [a, a], [other.tensor((1, 2), "float32", name="b")])
    other.returns(b)
    double = Signature("double", {"value": a.index}, {"twice": b.index}, subgraph=1)
    model = saved(attrs.evolve(g.model(), signatures=(double,)))
    result = delegraph("run", model, "-d", "exact", "-i", values(1, 2), "--signature", "double")
    assert "twice 1×2 float32 2 4 3 2 4" in lines(result), result.output


def test_mean_and_std_need_numbers(delegraph, scores):
    result = delegraph("run", scores, "-d", "exact", "-i", "random", "--mean", "a,b")
    assert result.exit_code == 2
    assert "needs numbers with commas between them, found 'a,b'" in result.output


def test_an_open_size_takes_the_size_of_the_file(delegraph, saved, products, values):
    result = delegraph("run", saved(products((1, -1))), "-d", "exact", "-i", values(1, 2))
    assert "y 1×2 float32 4 6 5 4 6" in lines(result), result.output


def test_quiet_keeps_notices_off(delegraph, saved, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow makes the images of these tests")
    image.new("L", (2, 2)).save(tmp_path / "a.png")
    g = Builder()
    x = g.input((1, 2, 2, 1), "float32", name="x")
    model = saved(g.model(outputs=[g.op("NEG", [x], [g.tensor((1, 2, 2, 1), "float32", name="y")])]))
    told = "input 'x': real = (pixel - 127.5) / 127.5"
    assert told in delegraph("run", model, "-d", "exact", "-i", tmp_path / "a.png").output
    assert told not in delegraph("run", model, "-q", "-d", "exact", "-i", tmp_path / "a.png").output


@pytest.mark.parametrize("kind", ["float32", "float16", "dynamic_range", "int8"])
def test_a_real_model_knows_a_digit_and_names_it_by_its_own_labels(kind):
    pytest.importorskip("delegraph_reference", reason="the reference delegate runs the digits models")
    pytest.importorskip("PIL.Image", reason="Pillow reads the digits")
    from click.testing import CliRunner
    from delegraph.cli import main

    model, image = DIGITS / f"digits_{kind}.tflite", DIGITS / "digits" / "7.png"
    result = CliRunner().invoke(main, ["run", str(model), "--input", str(image)])
    assert result.exit_code == 0, result.output
    shown = lines(result)
    assert shown[shown.index("class score label") + 1].split()[::2] == ["7", "seven"]
    assert "input 'image': real = pixel / 255, as the model's metadata says" in shown


def test_what_was_read_is_not_overwritten(delegraph, scores, values):
    given = values(1, 2, 3)
    for path in (scores, given):
        before = Path(path).read_bytes()

        result = delegraph("run", scores, "-d", "exact", "-i", given, "--output", path)

        assert result.exit_code == 1
        assert "would be overwritten, and is read" in result.output
        assert Path(path).read_bytes() == before


def test_labels_are_not_for_a_list_of_strings(delegraph, saved, tmp_path):
    g = Builder()
    words = g.input((2,), "string", name="words")
    np.save(tmp_path / "words.npy", np.array([b"a", b"b"]))
    (tmp_path / "labels.txt").write_text("cat\ndog\n")

    result = delegraph(
        "run", saved(g.model(outputs=[words])), "-d", "exact", "-i", tmp_path / "words.npy",
        "--labels", tmp_path / "labels.txt",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert "the 2 labels are not used: no output has as many classes" in result.output


@pytest.fixture
def photo_model(saved):
    """Return the path of a model that takes a picture and gives back a grey one: a mask."""
    g = Builder()
    x = g.input((1, 16, 16, 1), "float32", name="x")
    y = g.op("ADD", [x, g.constant(np.zeros(1, np.float32))], [g.tensor((1, 16, 16, 1), "float32")])
    return saved(g.model(outputs=[y]))


@pytest.fixture
def photos(tmp_path):
    """Return a folder with a picture half black and half white, a grey one, and a file that is none."""
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "photos"
    folder.mkdir()
    pixels = np.zeros((32, 32), np.uint8)
    pixels[:, :16] = 255
    image.fromarray(pixels).save(folder / "half.png")
    image.fromarray(np.full((32, 32), 10, np.uint8)).save(folder / "dark.png")
    return folder


def test_json_has_answers_outputs_plan_and_warnings(delegraph, scores, values):
    result = delegraph("run", scores, "-d", "exact", "-q", "-i", values(0.25, np.nan, 0.75), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    (one,) = found["results"]
    assert one["outputs"][0]["values"] == [[0.25, None, 0.75]]
    assert one["warnings"] == ["output 'scores': 1 NaN among 3 values"]
    assert found["plan"]["subgraphs"]
    assert set(found["seconds"]) == {"load", "prepare", "run"}


def test_a_value_that_is_no_number_is_a_warning(delegraph, scores, values):
    result = delegraph("run", scores, "-d", "exact", "-i", values(1, np.inf, 2))
    assert "warning: output 'scores': 1 infinite among 3 values" in result.output


def test_csv_has_a_line_for_each_class_and_no_formulas(delegraph, scores, values, tmp_path):
    (tmp_path / "labels.txt").write_text("=1+1\n@b\nc, d\n")
    options = ("--labels", tmp_path / "labels.txt", "--csv", "-q")
    result = delegraph("run", scores, "-d", "exact", "-i", values(0.5, 0.25, 0.25), *options)
    rows = list(csv.reader(result.output.splitlines()))
    assert [row[4] for row in rows[1:]] == ["'=1+1", "'@b", "c, d"]
    assert rows[0] == ["file", "output", "class", "score", "label"]
    assert [row[2:4] for row in rows[1:]] == [["0", "0.5"], ["1", "0.25"], ["2", "0.25"]]


def test_a_folder_is_run_file_by_file_and_one_that_fails_is_told(delegraph, photo_model, photos):
    (photos / "notes.txt").write_text("no picture")
    result = delegraph(
        "run", photo_model, "-d", "exact", "-i", photos, "--csv", "--mean", "0", "--std", "255"
    )
    assert result.exit_code == 1
    assert "notes.txt' cannot be read" in result.output
    rows = [line.split(",") for line in result.output.splitlines() if line.startswith(str(photos))]
    assert [(Path(r[0]).name, r[2], r[3], r[5]) for r in rows] == [
        ("dark.png", "0", "1.0", "background"),
        ("half.png", "0", "0.5", "background"),
        ("half.png", "1", "0.5", "foreground"),
    ]


def test_an_answer_is_drawn_over_its_picture(delegraph, photo_model, photos, tmp_path):
    image = pytest.importorskip("PIL.Image")
    out = tmp_path / "out.png"
    given = ("-i", photos / "half.png", "--draw", out, "--mean", "0", "--std", "255")
    assert delegraph("run", photo_model, "-d", "exact", *given).exit_code == 0
    drawn = np.asarray(image.open(out))
    assert drawn.shape[1] == 320  # a small picture is enlarged
    assert (drawn[0, 300] == 0).all()  # the background is as it was
    assert not (drawn[0, 10] == drawn[0, 10, 0]).all()  # the white part has a colour


def test_several_answers_are_drawn_into_a_folder(delegraph, photo_model, photos, tmp_path):
    given = (photo_model, "-d", "exact", "-i", photos, "--mean", "0", "--std", "255", "-q")
    assert delegraph("run", *given, "--draw", tmp_path / "drawn").exit_code == 0
    assert sorted(p.name for p in (tmp_path / "drawn").iterdir()) == ["dark.png", "half.png"]
    assert delegraph("run", *given, "--draw", tmp_path / "a.png").exit_code == 2
    assert delegraph("run", *given, "--output", tmp_path / "a.npz").exit_code == 2


def test_classes_of_what_is_no_picture_are_a_chart(delegraph, scores, values, tmp_path):
    pytest.importorskip("PIL")
    given = ("-i", values(0.5, 0.25, 0.25), "--draw", tmp_path / "a.png")
    assert delegraph("run", scores, "-d", "exact", *given).exit_code == 0
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_what_cannot_be_drawn_is_an_error(delegraph, scores, values, tmp_path):
    result = delegraph("run", scores, "-d", "exact", "-i", values(1, 2, 3), "--draw", tmp_path / "a.png")
    assert result.exit_code == 1
    assert "there is nothing to draw" in result.output
    assert not (tmp_path / "a.png").exists()
