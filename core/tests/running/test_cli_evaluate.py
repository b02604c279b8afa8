"""``delegraph evaluate``: answers beside the truth, of folders, lists, boxes, masks, another model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder

DOCS = Path(__file__).parents[3] / "docs" / "models"


@pytest.fixture
def copier(saved: Any) -> str:
    """Return the path of a model that gives back its three inputs."""
    g = Builder()
    x = g.input((1, 3), "float32", name="x")
    zero = g.constant(np.zeros(1, np.float32))
    return saved(g.model(outputs=[g.op("ADD", [x, zero], [g.tensor((1, 3), "float32", name="y")])]))


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """Return a folder of classes: of four files the best class is right twice, one of two thrice."""
    files = {
        "0/a": (0.7, 0.2, 0.1),
        "1/b": (0.7, 0.2, 0.1),
        "2/c": (0.7, 0.2, 0.1),
        "2/d": (0, 0, 1),
    }
    for name, scores in files.items():
        (tmp_path / "data" / name[0]).mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / "data" / f"{name}.npy", np.float32(scores))
    return tmp_path / "data"


def report(result: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_class_folders_have_the_share_of_right_classes(delegraph: Any, copier: str, scored: Path) -> None:
    result = delegraph("evaluate", copier, scored, "-d", "exact", "--metric", "top1,top2,top3", "--json")
    assert result.exit_code == 0, result.output
    assert report(result)["metrics"] == {"top1": 0.5, "top2": 0.75, "top3": 1.0}


def test_values_are_printed_as_csv(delegraph: Any, copier: str, scored: Path) -> None:
    result = delegraph("evaluate", copier, scored, "-d", "exact", "--metric", "top1", "--csv", "-q")
    assert result.output.splitlines() == ["metric,value", "top1,0.5"]


def test_what_fails_is_listed_and_not_counted(delegraph: Any, copier: str, scored: Path) -> None:
    (scored / "1" / "z.npy").write_bytes(b"no array")
    (scored / "7").mkdir()
    np.save(scored / "7" / "x.npy", np.zeros(3, np.float32))
    result = delegraph("evaluate", copier, scored, "-d", "exact", "--metric", "top1")
    assert result.exit_code == 1
    assert "z.npy' cannot be read" in result.output
    assert "its class is 7, and the model has 3" in result.output
    assert "of 4 files" in result.output
    assert "0.5000" in result.output


def test_a_list_names_classes_by_label(delegraph: Any, copier: str, scored: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("file,label\ndata/0/a.npy,ant\ndata/2/d.npy,Bee\n")
    (tmp_path / "labels.txt").write_text("ant\nwasp\nbee\n")
    labels = ("--labels", tmp_path / "labels.txt", "--json", "--metric", "top1")
    result = delegraph("evaluate", copier, tmp_path / "list.csv", "-d", "exact", *labels)
    assert report(result)["metrics"] == {"top1": 1.0}


def test_a_report_is_written_and_an_interrupted_one_goes_on(
    delegraph: Any, copier: str, scored: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.json"
    assert delegraph("evaluate", copier, scored, "-d", "exact", "-o", out).exit_code == 0
    assert json.loads(out.read_text())["metrics"] == {"top1": 0.5, "top5": 1.0}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "model.tflite", "report.json"]


def test_a_model_agrees_with_itself(delegraph: Any, copier: str, scored: Path) -> None:
    task = ("--task", "classify", "--json")
    result = delegraph("evaluate", copier, scored, "-d", "exact", "--against", copier, *task)
    assert report(result)["metrics"] == {"agreement": 1.0}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--metric", "top1,map"), "metrics of one kind go together"),
        (("--metric", "agreement"), "agreement needs the other model"),
        (("--metric", "f1"), "no metric 'f1'"),
    ],
)
def test_metrics_that_make_no_sense_are_errors(
    delegraph: Any, copier: str, scored: Path, words: tuple[str, ...], said: str
) -> None:
    result = delegraph("evaluate", copier, scored, "-d", "exact", *words)
    assert result.exit_code in (1, 2)
    assert said in result.output


def test_masks_beside_images_have_intersection_over_union(
    delegraph: Any, saved: Any, tmp_path: Path
) -> None:
    image = pytest.importorskip("PIL.Image")
    g = Builder()
    x = g.input((1, 16, 16, 1), "float32", name="x")
    y = g.op("ADD", [x, g.constant(np.zeros(1, np.float32))], [g.tensor((1, 16, 16, 1), "float32")])
    model = saved(g.model(outputs=[y]))
    for side in ("images", "masks"):
        (tmp_path / "data" / side).mkdir(parents=True)
    pixels = np.zeros((16, 16), np.uint8)
    pixels[:, :8] = 255  # the model says half; the truth is a quarter
    image.fromarray(pixels).save(tmp_path / "data/images/a.png")
    pixels[:, 4:] = 0
    image.fromarray(pixels).save(tmp_path / "data/masks/a.png")
    scale = ("--mean", "0", "--std", "255", "--json", "-q")
    result = delegraph("evaluate", model, tmp_path / "data", "-d", "exact", *scale)
    assert report(result)["metrics"] == {"iou": (8 / 12 + 4 / 8) / 2, "iou of 0": 8 / 12, "iou of 1": 4 / 8}


def test_a_detector_is_judged_by_cocos_annotations(delegraph: Any, saved: Any, tmp_path: Path) -> None:
    """A model that gives its inputs back: the file of an image is what is found in it."""
    g = Builder()
    zero = g.constant(np.zeros(1, np.float32))
    shapes = {"boxes": (1, 2, 4), "classes": (1, 2), "scores": (1, 2)}
    inputs = {name: g.input(shape, "float32", name=f"{name} in") for name, shape in shapes.items()}
    outputs = [
        g.op("ADD", [x, zero], [g.tensor(shapes[name], "float32", name=name)]) for name, x in inputs.items()
    ]
    values = {
        # top, left, bottom, right; of an input of 2 rows and 4 columns
        "boxes in": np.float32([[[0, 0, 1, 0.5], [0.1, 0.1, 0.2, 0.2]]]),
        "classes in": np.float32([[1, 1]]),
        "scores in": np.float32([[0.9, 0.8]]),
    }
    np.savez(tmp_path / "a.npz", **values)
    coco = {
        "images": [{"id": 5, "file_name": "a.npz"}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"image_id": 5, "category_id": 1, "bbox": [0, 0, 2, 2]}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(coco))
    model = saved(g.model(outputs=outputs))
    result = delegraph("evaluate", model, tmp_path / "truth.json", "-d", "exact", "--json", "-q")
    assert result.exit_code == 0, result.output
    assert report(result)["metrics"] == {"map": 1.0, "map50": 1.0, "map75": 1.0, "ap of 1": 1.0}


def test_real_digits_are_known(delegraph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL")
    pytest.importorskip("delegraph_reference")
    monkeypatch.undo()  # the installed plugins
    for i in range(10):
        (tmp_path / str(i)).mkdir()
        (tmp_path / str(i) / "x.png").write_bytes((DOCS / "digits" / f"{i}.png").read_bytes())
    result = delegraph("evaluate", DOCS / "digits_int8.tflite", tmp_path, "--json", "-q")
    assert report(result)["metrics"] == {"top1": 1.0, "top5": 1.0}
