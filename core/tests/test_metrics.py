"""Metrics by arithmetic written out, and average precision by COCO's own program where it is installed."""

from __future__ import annotations

import contextlib
import io
import os
from typing import Any

import numpy as np
import pytest
from delegraph.answers import AnswerSettings, Said, Seen
from delegraph.batch import agreement, precision, truths
from delegraph.batch.metrics import (
    intersection_over_union,
    metric_of,
    pixels_by_class,
    rank_of_truth,
    shares_of_ranks,
)
from delegraph.errors import InputError
from delegraph.inputs.image import resized_mask
from delegraph.model import Builder
from delegraph.run import interface_of
from hypothesis import given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("DELEGRAPH_METRICS", "40"))


def seen_of(values: Any) -> Seen:
    g = Builder()
    x = g.input((1, 2), "float32", name="x")
    y = g.op("ADD", [x, x], [g.tensor(np.shape(values), "float32", name="y")])
    model = g.model(outputs=[y])
    return Seen(model, interface_of(model), {"y": np.float32(values)}, AnswerSettings())


def told(sentence: str) -> None:
    """Say nothing."""


def test_of_equal_scores_the_first_class_counts() -> None:
    said = [Said("classify", (), "y")]
    ranks = [rank_of_truth(said, seen_of([[0.5, 0.7, 0.5, np.nan]]), i) for i in range(4)]
    assert ranks == [1, 0, 2, 3]
    assert shares_of_ranks("top1", ranks) == {"top1": 0.25}
    assert shares_of_ranks("top3", ranks) == {"top3": 0.75}


def test_a_class_that_the_model_does_not_have_is_an_error() -> None:
    with pytest.raises(InputError, match="its class is 4, and the model has 2"):
        rank_of_truth([Said("classify", (), "y")], seen_of([[0.5, 0.5]]), 4)


@pytest.mark.parametrize("name", ["top0", "top", "top-1", "accuracy", "", "top1e9"])
def test_a_metric_that_does_not_exist_is_an_error(name: str) -> None:
    with pytest.raises(InputError, match="no metric"):
        metric_of(name)


def test_intersection_over_union_is_of_all_files_together() -> None:
    # of class 1 both files have 2 + 0 pixels in common, 3 + 1 mine, 2 + 4 of the truth: 2 / (4 + 6 - 2)
    values = intersection_over_union([{"0": [5, 5, 6], "1": [2, 3, 2]}, {"1": [0, 1, 4]}])
    assert values == {"iou": (5 / 6 + 2 / 8) / 2, "iou of 0": 5 / 6, "iou of 1": 2 / 8}


@pytest.mark.parametrize("most", [1, 255])
def test_masks_are_compared_pixel_by_pixel(tmp_path: Any, most: int) -> None:
    image = pytest.importorskip("PIL.Image")
    truth = np.zeros((4, 4), np.uint8)
    truth[:, 2:] = most
    image.fromarray(truth).save(tmp_path / "mask.png")
    mask = np.zeros((2, 2), np.int64)
    mask[0, 1] = 1  # the upper right quarter
    said = Said("segment", ({"class": 0}, {"class": 1}), "y", mask=mask)
    counts = pixels_by_class([said], seen_of([[1]]), str(tmp_path / "mask.png"))
    assert counts == {"0": [8, 12, 8], "1": [4, 4, 8]}


def test_pixels_of_nobody_do_not_count(tmp_path: Any) -> None:
    image = pytest.importorskip("PIL.Image")
    image.fromarray(np.uint8([[0, 255], [3, 3]])).save(tmp_path / "mask.png")
    said = Said("segment", ({"class": 0}, {"class": 3}), "y", mask=np.int64([[0, 0], [0, 3]]))
    counts = pixels_by_class([said], seen_of([[1]]), str(tmp_path / "mask.png"))
    assert counts == {"0": [1, 2, 1], "3": [1, 1, 2]}


def test_a_mask_in_colours_is_an_error(tmp_path: Any) -> None:
    image = pytest.importorskip("PIL.Image")
    image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / "mask.png")
    said = Said("segment", (), "y", mask=np.zeros((2, 2), np.int64))
    with pytest.raises(InputError, match="needs a class for each pixel, found mode 'RGB'"):
        pixels_by_class([said], seen_of([[1]]), str(tmp_path / "mask.png"))


def test_a_mask_is_resized_by_the_middles_of_its_pixels() -> None:
    assert resized_mask(np.int64([[1, 2]]), (1, 4)).tolist() == [[1, 1, 2, 2]]
    assert resized_mask(np.int64([[1, 2, 3, 4]]), (1, 2)).tolist() == [[2, 4]]
    assert resized_mask(np.int64([[1, 2, 3]]), (2, 3)).tolist() == [[1, 2, 3]] * 2


def test_a_precision_written_out() -> None:
    """Two boxes are to be found; the best found is right, the second wrong, the third right."""
    truth = np.float64([[0, 0, 10, 10, 0], [20, 20, 30, 30, 0]])
    found = np.float64([[0.9, 0, 0, 10, 10], [0.8, 50, 50, 60, 60], [0.7, 20, 20, 30, 30]])
    # up to a recall of 0.5 the precision is 1, beyond it 2/3: 51 recalls and 50 of 101
    expected = (51 * 1 + 50 * 2 / 3) / 101
    np.testing.assert_allclose(precision.average_precisions([truth], [found]), [expected] * 10)


def test_nothing_found_is_nothing_and_nothing_to_find_is_no_number() -> None:
    assert precision.total([{"truth": [[0, 0, 0, 1, 1, 0]], "found": []}])["map"] == 0
    assert np.isnan(precision.total([{"truth": [], "found": [[0, 0.5, 0, 0, 1, 1]]}])["map"])


SIDES = st.integers(0, 6)
CORNERS = st.tuples(SIDES, SIDES, st.integers(1, 6), st.integers(1, 6))
TRUTHS = st.lists(st.tuples(st.integers(0, 2), CORNERS, st.booleans()), max_size=6)
FOUND = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), CORNERS), max_size=8)


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(st.lists(st.tuples(TRUTHS, FOUND), min_size=1, max_size=5))
def test_average_precision_is_that_of_cocos_own_program(images: list[Any]) -> None:
    """Small whole numbers: many equal overlaps and scores, boxes on each other, crowds, other classes."""
    coco = pytest.importorskip("pycocotools.coco")
    judged = [
        {
            "truth": [[c, x, y, x + w, y + h, int(crowd)] for c, (x, y, w, h), crowd in truth],
            "found": [[c, s / 10, x, y, x + w, y + h] for c, s, (x, y, w, h) in found],
        }
        for truth, found in images
    ]
    mine = precision.total(judged)
    theirs = of_coco(coco, images)
    if np.isnan(mine["map"]):
        assert theirs[0] == -1
        return
    np.testing.assert_allclose([mine["map"], mine["map50"], mine["map75"]], theirs, atol=1e-12)


def of_coco(coco: Any, images: list[Any]) -> list[float]:
    """Return mAP, and at 0.5 and 0.75, by pycocotools."""
    from pycocotools.cocoeval import COCOeval

    annotations, results = [], []
    for number, (truth, found) in enumerate(images):
        for kind, box, crowd in truth:
            about = {"id": len(annotations) + 1, "image_id": number, "category_id": kind, "bbox": list(box)}
            annotations.append({**about, "area": box[2] * box[3], "iscrowd": int(crowd)})
        for kind, score, box in found:
            about = {"image_id": number, "category_id": kind, "bbox": list(box), "score": score / 10}
            results.append(about)
    with contextlib.redirect_stdout(io.StringIO()):
        truths_ = coco.COCO()
        truths_.dataset = {
            "images": [{"id": i} for i in range(len(images))],
            "annotations": annotations,
            "categories": [{"id": i} for i in range(3)],
        }
        truths_.createIndex()
        found_ = truths_.loadRes(results) if results else coco.COCO()
        evaluation = COCOeval(truths_, found_, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(v) for v in evaluation.stats[:3]]


def boxes_said(*lines: tuple[Any, ...]) -> Said:
    names = ("class", "left", "top", "right", "bottom")
    return Said("detect", tuple(dict(zip(names, line, strict=True)) for line in lines), "y")


def test_boxes_agree_by_pairs() -> None:
    one = boxes_said((1, 0, 0, 10, 10), (1, 20, 20, 30, 30))
    other = boxes_said((1, 0, 0, 10, 9), (2, 20, 20, 30, 30), (1, 50, 50, 60, 60))
    rule = agreement._RULES["detect"]
    assert rule(one, other, seen_of([[1]])) == 2 * 1 / 5
    assert rule(boxes_said(), boxes_said(), seen_of([[1]])) == 1
    assert rule(one, boxes_said(), seen_of([[1]])) == 0


def test_class_folders_are_numbers_labels_or_counted(tmp_path: Any) -> None:
    for name in ("cat", "Dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(b"")
    labels = {3: "dog, hound", 7: "CAT"}
    assert [i.truth for i in truths.classes(str(tmp_path), labels, told)] == [3, 7]
    assert [i.truth for i in truths.classes(str(tmp_path), None, told)] == [0, 1]
    with pytest.raises(InputError, match="no labels of the model: 'Dog'"):
        truths.classes(str(tmp_path), {0: "cat"}, told)


def test_a_list_has_files_and_classes(tmp_path: Any) -> None:
    (tmp_path / "l.csv").write_text('path,class\n"a, b.png",2\nc.png,0\n')
    items = truths.classes(str(tmp_path / "l.csv"), None, told)
    assert [(i.file, i.truth) for i in items] == [
        (str(tmp_path / "a, b.png"), 2),
        (str(tmp_path / "c.png"), 0),
    ]


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["images", "annotations", "categories", "id", "bbox", "file_name"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_annotations_or_an_error(tmp_path_factory: Any, value: Any) -> None:
    import json

    path = tmp_path_factory.getbasetemp() / "a.json"
    path.write_text(json.dumps(value))
    with contextlib.suppress(InputError):
        truths.boxes(str(path), None, told)
