"""Heads of detectors: boxes are written as each family writes them, and must come back where they were.

The judge is the arithmetic of the family, written out here. DELEGRAPH_DETECTORS=1000 makes more cases.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from delegraph.answers import AnswerSettings, Said, Seen, answer, unread_boxes
from delegraph.answers.ssd import pyramid_anchors, ssd_anchors
from delegraph.batch import OpenedModel, Reading
from delegraph.inputs.families import family_of, yolo_head
from delegraph.model import Builder, Model
from delegraph.run import interface_of
from hypothesis import given, settings
from hypothesis import strategies as st

ROOM = 96, 64  # width and height of the input
CELLS = 12 * 8 + 6 * 4 + 3 * 2
SIDES = ("left", "top", "right", "bottom")


def model_of(heads: dict[str, np.ndarray], room: tuple[int, int] = ROOM, **constants: Any) -> Model:
    """Return a model whose outputs are always these, whatever its picture is."""
    g = Builder()
    x = g.input((1, room[1], room[0], 3), "float32", name="x")
    axes = g.constant(np.arange(4, dtype=np.int32))
    zero = g.op("SUM", [x, axes], [g.tensor((), "float32")], keep_dims=False)
    zero = g.op("MUL", [zero, g.constant(np.float32(0))], [g.tensor((), "float32")])
    for name, value in constants.items():
        g.constant(value, name=name)
    made = [
        g.op("ADD", [g.constant(v), zero], [g.tensor(v.shape, "float32", name=name)])
        for name, v in heads.items()
    ]
    return g.model(outputs=made)


def seen_of(model: Model, heads: dict[str, np.ndarray], room: tuple[int, int], **about: Any) -> Seen:
    return Seen(model, interface_of(model), heads, input_size=room, **about)


def corners_of(said: Said) -> np.ndarray:
    return np.asarray([[line[side] for side in SIDES] for line in said.records])


@st.composite
def scattered(draw: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return boxes that do not meet, (left, top, right, bottom) as shares; classes; scores, best first."""
    places = draw(st.lists(st.integers(0, 8), min_size=1, max_size=5, unique=True))
    row, column = np.divmod(np.asarray(places), 3)
    inside = np.asarray([draw(st.tuples(st.floats(0, 0.1), st.floats(0, 0.1))) for _ in places])
    low = np.stack([column, row], axis=1) / 3 + inside
    size = np.asarray([draw(st.tuples(st.floats(0.05, 0.2), st.floats(0.05, 0.2))) for _ in places])
    classes = np.asarray([draw(st.integers(0, 4)) for _ in places])
    return np.concatenate([low, low + size], axis=1), classes, np.linspace(0.95, 0.6, len(places))


def yolo_output(
    form: str, in_pixels: bool, found: tuple[np.ndarray, np.ndarray, np.ndarray], room: tuple[int, int]
) -> np.ndarray:
    """Return a head of YOLO with these boxes in some of its cells, each with a worse one upon it."""
    boxes, classes, scores = found
    cells = 3 * CELLS if form == "v5" else 300 if form == "listed" else CELLS
    center, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    place = np.concatenate([center, size], axis=1) if form != "listed" else boxes
    place = place * (np.asarray(room * 2) if in_pixels else 1)
    rows = np.zeros((cells, {"v5": 10, "listed": 6}.get(form, 9)))
    for i, (box, kind, score) in enumerate(zip(place, classes, scores, strict=True)):
        if form == "listed":
            rows[i] = (*box, score, kind)
            continue
        for at, share in ((7 * i, 1.0), (7 * i + 1, 0.9)):
            rows[at, :4] = box
            rows[at, 4] = 0.98  # objectness; of other forms the first class, written over below
            rows[at, -5:] = 0
            rows[at, (5 if form == "v5" else 4) + kind] = score * share / (0.98 if form == "v5" else 1)
    return np.float32((rows.T if form == "v8" else rows)[None])


@settings(max_examples=int(os.environ.get("DELEGRAPH_DETECTORS", "60")), derandomize=True, deadline=None)
@given(scattered(), st.sampled_from(["v5", "v8", "v8 rows", "listed"]), st.booleans())
def test_boxes_of_yolo_come_back(
    found: tuple[np.ndarray, np.ndarray, np.ndarray], form: str, in_pixels: bool
) -> None:
    head = yolo_output(form, in_pixels, found, ROOM)
    seen = seen_of(model_of({"y": head}), {"y": head}, ROOM, picture=(960, 640))
    (said,) = answer(seen)
    assert (said.task, said.is_guess) == ("detect", True)
    assert "YOLO" in said.why
    boxes, classes, scores = found
    np.testing.assert_allclose(corners_of(said), boxes * (960, 640, 960, 640), atol=0.05)
    assert [line["class"] for line in said.records] == classes.tolist()
    np.testing.assert_allclose([line["score"] for line in said.records], scores, atol=1e-5)


def test_boxes_on_one_object_of_different_classes_are_kept() -> None:
    rows = np.zeros((CELLS, 9), np.float32)
    rows[:2, :4] = 0.5, 0.5, 0.2, 0.2
    rows[0, 4], rows[1, 5] = 0.9, 0.8
    head = rows.T[None]
    (said,) = answer(seen_of(model_of({"y": head}), {"y": head}, ROOM))
    assert [line["class"] for line in said.records] == [0, 1]


def test_keypoints_of_yolo_are_a_pose() -> None:
    rows = np.zeros((CELLS, 56), np.float32)
    rows[5, :5] = 48, 32, 40, 40, 0.9
    rows[5, 5:] = np.tile((24, 16, 0.7), 17)
    head = rows.T[None]
    (said,) = answer(seen_of(model_of({"y": head}), {"y": head}, ROOM, picture=(192, 128)))
    assert said.task == "pose"
    assert len(said.records) == 17
    assert (said.records[0]["name"], said.records[0]["x"], said.records[0]["y"]) == ("nose", 48, 32)


@pytest.mark.parametrize("shape", [(1, CELLS), (1, CELLS, 4), (2, CELLS, 9), (1, 9, CELLS + 2)])
def test_other_shapes_are_no_head_of_yolo(shape: tuple[int, ...]) -> None:
    assert yolo_head(ROOM, shape) is None


def test_a_picture_of_another_form_gets_bars_and_its_boxes_back(tmp_path: Path) -> None:
    pytest.importorskip("delegraph_reference")
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "red.png"
    image.new("RGB", (100, 100), (255, 0, 0)).save(path)
    box = np.array([[1 / 6, 0, 5 / 6, 1]])  # of the 96×64 pixels the 64×64 in the middle: the picture
    head = yolo_output("v8", False, (box, np.asarray([2]), np.asarray([0.9])), ROOM)
    told: list[str] = []
    with OpenedModel(model_of({"y": head})) as opened:
        sample = opened.sample([str(path)], told.append)
        (said,) = opened.said(sample, opened.run(sample.arrays))
    x = sample.arrays["x"][0]
    np.testing.assert_allclose(x[:, 16:80], np.broadcast_to((1, 0, 0), (64, 64, 3)))
    np.testing.assert_allclose(x[:, [0, 15, 80, 95]], 114 / 255, rtol=1e-6)
    np.testing.assert_allclose(corners_of(said), [[0, 0, 100, 100]], atol=1e-4)
    assert "YOLO" in told[0]
    assert "--fit" in told[0]


def test_the_caller_says_how_pictures_fit(tmp_path: Path) -> None:
    pytest.importorskip("delegraph_reference")
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "red.png"
    image.new("RGB", (100, 100), (255, 0, 0)).save(path)
    head = yolo_output("v8", False, (np.array([[0, 0, 1, 1]]), np.asarray([2]), np.asarray([0.9])), ROOM)
    for fit, least in (("stretch", 0.0), ("letterbox", -25.0)):
        with OpenedModel(model_of({"y": head}), reading=Reading(fit=fit)) as opened:
            sample = opened.sample([str(path)])
            (said,) = opened.said(sample, opened.run(sample.arrays))
        np.testing.assert_allclose(corners_of(said), [[least, 0, 100 - least, 100]], atol=1e-4)


FAMILIES = [
    ("PoseNet", (257, 257), [(1, 9, 9, 17), (1, 9, 9, 34)], 127.5),
    ("a landmark model of MediaPipe", (224, 224), [(1, 63), (1, 1), (1, 1), (1, 63)], 255),
    ("a landmark model of MediaPipe", (256, 256), [(1, 195), (1, 1), (1, 256, 256, 1)], 255),
    ("a landmark model of MediaPipe", (192, 192), [(1, 1, 1, 1404), (1, 1, 1, 1)], 255),
    ("a detector of MediaPipe", (128, 128), [(1, 896, 16), (1, 896, 1)], 127.5),
    ("MediaPipe's palm detector", (192, 192), [(1, 2016, 18), (1, 2016, 1)], 255),
    ("YOLO", (96, 64), [(1, 9, CELLS)], 255),
    (None, (224, 224), [(1, 1001)], 0),
    (None, (224, 224), [(1, 63)], 0),
]


@pytest.mark.parametrize(("name", "room", "shapes", "std"), FAMILIES)
def test_a_family_is_known_by_the_shapes_of_its_outputs(
    name: str | None, room: tuple[int, int], shapes: list[tuple[int, ...]], std: float
) -> None:
    heads = {f"y{i}": np.zeros(shape, np.float32) for i, shape in enumerate(shapes)}
    family = family_of(interface_of(model_of(heads, room)))
    assert (family and family.name) == name
    assert family is None or family.normalization.std == (std,)


def ssd_output(
    anchors: np.ndarray, found: tuple[np.ndarray, np.ndarray, np.ndarray], logits: bool
) -> dict[str, np.ndarray]:
    """Return distances from the anchors that are nearest to boxes, and scores; class 0 is no object."""
    distances = np.zeros((len(anchors), 4), np.float32)
    scores = np.full((len(anchors), 6), 0.01)
    for box, kind, score in zip(*found, strict=True):
        y, x, height, width = (box[1] + box[3]) / 2, (box[0] + box[2]) / 2, box[3] - box[1], box[2] - box[0]
        at = int(np.abs(anchors - (y, x, height, width)).sum(axis=1).argmin())
        a = anchors[at]
        distances[at] = (
            10 * (y - a[0]) / a[2],
            10 * (x - a[1]) / a[3],
            5 * np.log(height / a[2]),
            5 * np.log(width / a[3]),
        )
        scores[at, kind + 1] = score
    if logits:
        scores = np.log(scores / (1 - scores))
    return {"raw boxes": distances[None], "raw scores": np.float32(scores[None])}


@settings(max_examples=int(os.environ.get("DELEGRAPH_DETECTORS", "20")), derandomize=True, deadline=None)
@given(scattered(), st.booleans(), st.sampled_from([(300, 1917), (320, 2034), (320, 12804), "file"]))
def test_boxes_of_an_ssd_come_back(
    found: tuple[np.ndarray, np.ndarray, np.ndarray], logits: bool, layout: Any
) -> None:
    grids = {1917: (19, 10, 5, 3, 2, 1), 2034: (20, 10, 5, 3, 2, 1)}
    side, count = (77, 144) if layout == "file" else layout
    if layout == "file":  # anchors that no detector is known to have
        y, x = np.divmod(np.arange(144), 12)
        anchors = np.stack([(y + 0.5) / 12, (x + 0.5) / 12, 0 * y + 0.1, 0 * y + 0.1], axis=1)
    else:
        anchors = ssd_anchors(grids[count]) if count in grids else pyramid_anchors(side)
    assert anchors.shape == (count, 4)
    heads = ssd_output(anchors, found, logits)
    constants = {"anchors": np.float32(anchors)} if layout == "file" else {}
    seen = seen_of(model_of(heads, (side, side), **constants), heads, (side, side), picture=(600, 300))
    (said,) = answer(seen)
    assert said.is_guess
    assert "anchors of" in said.why
    boxes, classes, scores = found
    np.testing.assert_allclose(corners_of(said), boxes * (600, 300, 600, 300), atol=0.01)
    assert [line["class"] for line in said.records] == classes.tolist()
    np.testing.assert_allclose([line["score"] for line in said.records], scores, atol=1e-5)


def test_anchors_that_nobody_knows_are_said_to_be_unknown() -> None:
    heads = {"b": np.zeros((1, 144, 4), np.float32), "s": np.zeros((1, 144, 6), np.float32)}
    seen = seen_of(model_of(heads, (77, 77)), heads, (77, 77))
    assert answer(seen) == []
    assert "distances from anchors" in (unread_boxes(seen) or "")
    with pytest.raises(ValueError, match="distances from anchors"):
        answer(seen_of(model_of(heads, (77, 77)), heads, (77, 77), settings=AnswerSettings("detect")))


def test_the_anchors_are_those_that_a_detector_has_in_its_file() -> None:
    path = Path(os.environ.get("DELEGRAPH_MODELS", ""), "uint8", "ssd_mobilenet.tflite")
    if not path.is_file():
        pytest.skip("DELEGRAPH_MODELS has no uint8/ssd_mobilenet.tflite")
    from delegraph import read_model
    from delegraph.numbers import real_from_stored

    op = read_model(path).subgraphs[0].ops[-1]
    stored = op.inputs[2]
    assert stored is not None
    theirs = real_from_stored(np.asarray(stored.data), stored)
    assert np.abs(ssd_anchors((19, 10, 5, 3, 2, 1)) - theirs).max() < 0.51 * stored.scale
