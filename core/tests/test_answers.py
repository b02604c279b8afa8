"""What a model's outputs say: which task it is and what its answer lists, by arithmetic written out."""

from __future__ import annotations

import os
import wave
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from delegraph.answers import TASKS, AnswerSettings, Said, Seen, answer, warnings_of
from delegraph.answers.anchors import apart, decoded, overlaps
from delegraph.answers.boxes import POST_PROCESS
from delegraph.answers.pictures import picture_of
from delegraph.cli.run import run
from delegraph.errors import InputError
from delegraph.inputs.looked_at import LookedAt
from delegraph.inputs.wav import Sound
from delegraph.model import Builder, Record
from delegraph.run import interface_of
from hypothesis import given, settings
from hypothesis import strategies as st


def seen_of(outputs: dict[str, Any], op: str = "ADD", **about: Any) -> Seen:
    """Return a run whose outputs have these values; the op is what makes them all."""
    values = {name: np.asarray(value) for name, value in outputs.items()}
    g = Builder()
    x = g.input((1, 4, 4, 3), "float32", name="x")
    made = [g.tensor(v.shape, str(v.dtype), name=name) for name, v in values.items()]
    g.op(op, [x], made) if op == "ADD" else g.op(op, [x], made, custom_options=b"")
    model = g.model(outputs=made)
    return Seen(model, interface_of(model), values, **{"input_size": (100, 50), **about})


def with_metadata(seen: Seen, **tables: Record) -> Seen:
    """Return a run whose outputs have metadata, by name."""
    outputs = tuple(attrs.evolve(a, metadata=tables.get(a.name)) for a in seen.interface.outputs)
    return attrs.evolve(seen, interface=attrs.evolve(seen.interface, outputs=outputs))


def box_metadata(index: tuple[int, ...], kind: int = 1, coordinates: int = 0) -> Record:
    about = {"index": index, "type": kind, "coordinate_type": coordinates}
    content = Record("Content", {"content_properties": Record("BoundingBoxProperties", about)})
    return Record("TensorMetadata", {"name": "location", "content": content, "associated_files": ()})


def corners(record: dict[str, Any]) -> list[float]:
    return [record[side] for side in ("left", "top", "right", "bottom")]


DETECTIONS = {
    "boxes": np.float32([[[0.1, 0.2, 0.5, 0.6], [0, 0, 1, 1], [0.5, 0.5, 0.75, 1]]]),
    "classes": np.float32([[1, 0, 1]]),
    "scores": np.float32([[0.9, 0.3, 0.6]]),
    "count": np.float32([3]),
}


def test_the_op_at_a_detectors_end_says_what_its_outputs_are() -> None:
    (said,) = answer(seen_of(DETECTIONS, POST_PROCESS, settings=AnswerSettings(labels={1: "cat"})))
    assert (said.task, said.why, said.is_guess) == ("detect", f"it ends in {POST_PROCESS}", False)
    # top, left, bottom, right are shares of 50 rows and 100 columns
    assert [(r["box"], r["class"], r["label"]) for r in said.records] == [(0, 1, "cat"), (1, 1, "cat")]
    assert [r["score"] for r in said.records] == pytest.approx([0.9, 0.6])
    assert [corners(r) for r in said.records] == [
        pytest.approx([20, 5, 60, 25]),
        pytest.approx([50, 25, 100, 37.5]),
    ]


def test_boxes_are_in_pixels_of_the_picture_that_was_given() -> None:
    (said,) = answer(seen_of(DETECTIONS, POST_PROCESS, picture=(1000, 2000)))
    assert corners(said.records[0]) == pytest.approx([200, 200, 600, 1000])


def test_only_as_many_boxes_as_the_model_counts_are_boxes() -> None:
    (said,) = answer(seen_of({**DETECTIONS, "count": np.float32([1])}, POST_PROCESS))
    assert len(said.records) == 1


def test_boxes_that_are_no_numbers_are_left_out() -> None:
    broken = DETECTIONS["boxes"].copy()
    broken[0, 0, 2] = np.nan
    (said,) = answer(seen_of({**DETECTIONS, "boxes": broken}, POST_PROCESS))
    assert [r["score"] for r in said.records] == pytest.approx([0.6])


@pytest.mark.parametrize(
    "order", [["boxes", "classes", "scores", "count"], ["count", "scores", "classes", "boxes"]]
)
def test_four_outputs_of_a_detectors_shapes_are_guessed(order: list[str]) -> None:
    (said,) = answer(seen_of({name: DETECTIONS[name] for name in order}))
    assert (said.task, said.is_guess, said.output) == ("detect", True, "boxes")
    assert [r["class"] for r in said.records] == [1, 1]


@pytest.mark.parametrize(
    ("metadata", "values"),
    [
        (box_metadata((1, 0, 3, 2)), [0.1, 0.2, 0.5, 0.6]),
        (box_metadata((0, 1, 2, 3)), [0.2, 0.1, 0.6, 0.5]),
        (box_metadata((0, 1, 2, 3), kind=2), [0.2, 0.1, 0.4, 0.4]),  # upper left, width and height
        (box_metadata((0, 1, 2, 3), kind=3), [0.4, 0.3, 0.4, 0.4]),  # the middle, width and height
        (box_metadata((0, 1, 2, 3), coordinates=1), [20, 5, 60, 25]),  # in pixels of the input
    ],
)
def test_metadata_say_how_boxes_are_written(metadata: Record, values: list[float]) -> None:
    outputs = {**DETECTIONS, "boxes": np.float32([[values, [0] * 4, [0] * 4]])}
    (said,) = answer(with_metadata(seen_of(outputs), boxes=metadata))
    assert said.why == "as its metadata says"
    assert corners(said.records[0]) == pytest.approx([20, 5, 60, 25])


def test_the_mask_of_an_arg_max_has_shares() -> None:
    mask = np.zeros((1, 20, 40), np.int64)
    mask[0, :5, :] = 7  # a quarter
    (said,) = answer(seen_of({"mask": mask}, settings=AnswerSettings(labels={7: "sky"})))
    assert (said.task, said.is_guess) == ("segment", True)
    assert [(r["class"], r["share"], r["pixels"], r["label"]) for r in said.records] == [
        (0, 0.75, 600, ""),
        (7, 0.25, 200, "sky"),
    ]


def test_scores_of_each_pixel_become_its_best_class() -> None:
    scores = np.zeros((1, 20, 40, 5), np.float32)
    scores[..., 2] = 1
    (said,) = answer(seen_of({"scores": scores}))
    assert [(r["class"], r["share"]) for r in said.records] == [(2, 1.0)]


def test_one_channel_is_a_foreground() -> None:
    plane = np.full((1, 20, 40, 1), 0.2, np.float32)
    plane[0, :, :10] = 0.8
    (said,) = answer(seen_of({"plane": plane}))
    assert {r["label"]: r["share"] for r in said.records} == {"background": 0.75, "foreground": 0.25}
    logits = np.log(plane / (1 - plane))
    (again,) = answer(seen_of({"plane": logits}))
    assert [r["share"] for r in again.records] == [r["share"] for r in said.records]


def test_a_picture_and_features_are_no_mask() -> None:
    assert answer(seen_of({"y": np.zeros((1, 50, 100, 3), np.float32)})) == []
    assert answer(seen_of({"y": np.zeros((1, 2, 4, 64), np.float32)})) == []
    (said,) = answer(
        seen_of({"y": np.zeros((1, 2, 4, 64), np.float32)}, settings=AnswerSettings("segment"))
    )
    assert said.why == "as you said"


def test_keypoints_of_a_person_are_named() -> None:
    points = np.zeros((1, 1, 17, 3), np.float32)
    points[0, 0, 9] = (0.5, 0.25, 0.875)  # y, x, score
    (said,) = answer(seen_of({"y": points}))
    record = said.records[9]
    assert (said.task, record["name"], record["x"], record["y"]) == ("pose", "left wrist", 25, 25)
    assert record["score"] == 0.875


def test_heatmaps_and_offsets_are_decoded() -> None:
    heat = np.full((1, 3, 5, 17), -10, np.float32)
    offsets = np.zeros((1, 3, 5, 34), np.float32)
    heat[0, 1, 2] = 0  # a score of 1 / (1 + e^0)
    offsets[0, 1, 2, :17], offsets[0, 1, 2, 17:] = 3, -4
    (said,) = answer(seen_of({"heat": heat, "offsets": offsets}))
    # the middle of (50 - 1, 100 - 1) pixels, moved
    assert [said.records[0][k] for k in ("y", "x", "score")] == pytest.approx([49 / 2 + 3, 99 / 2 - 4, 0.5])


def test_landmarks_of_a_hand_are_in_pixels_of_the_input() -> None:
    points = np.zeros((1, 63), np.float32)
    points[0, 8 * 3 : 8 * 3 + 2] = (50, 25)
    seen = seen_of({"points": points, "hand": np.float32([[0.75]])}, picture=(200, 200))
    (said,) = answer(seen)
    tip = said.records[8]
    assert (said.task, tip["name"], tip["x"], tip["y"], tip["score"]) == (
        "keypoints",
        "index tip",
        100,
        100,
        0.75,
    )


def test_classes_of_a_sound_are_audio() -> None:
    (said,) = answer(seen_of({"y": np.float32([[0.25, 0.75]])}, is_sound=True, input_size=None))
    assert (said.task, [r["class"] for r in said.records]) == ("audio", [1, 0])
    (frames,) = answer(
        seen_of(
            {"y": np.float32([[0, 1, 0], [0, 0, 1], [0, 0, 1]])},
            is_sound=True,
            settings=AnswerSettings("audio"),
        )
    )
    assert [r["class"] for r in frames.records] == [2, 1, 0]  # the mean of its moments


def test_a_task_that_no_output_can_be_is_an_error() -> None:
    with pytest.raises(InputError, match="no output can be read as detect"):
        answer(seen_of({"y": np.float32([1, 2])}, settings=AnswerSettings("detect")))


def test_no_number_is_the_best_class() -> None:
    (said,) = answer(seen_of({"y": np.float32([[np.nan, 1, 2]])}, settings=AnswerSettings("classify")))
    assert [r["class"] for r in said.records] == [2, 1, 0]


NAMED = {
    "detection_classes": np.float32([[0, 0]]),  # as whole as the scores are
    "detection_scores": np.float32([[1, 0]]),
    "detection_boxes": np.float32([[[0.1, 0.2, 0.5, 0.6], [0, 0, 1, 1]]]),
}


@pytest.mark.parametrize(
    ("task", "outputs"),
    [
        ("detect", NAMED),
        ("classify", {"Logits/out": np.float32([[3, -1, 7]]), "other": np.float32([[1, 2, 3, 4]])}),
        ("segment", {"my_mask": np.zeros((1, 2, 2, 3), np.float32)}),
        ("keypoints", {"face landmarks": np.zeros((1, 5, 2), np.float32)}),
    ],
)
def test_names_of_outputs_say_what_they_are(task: str, outputs: dict[str, Any]) -> None:
    (said,) = answer(seen_of(outputs))
    assert (said.task, said.is_guess) == (task, True)
    assert "called" in said.why


def test_names_say_which_whole_numbers_are_scores() -> None:
    (said,) = answer(seen_of(NAMED))
    assert [(line["class"], line["score"]) for line in said.records] == [(0, 1.0)]


def test_values_that_are_no_numbers_are_warned_of() -> None:
    seen = seen_of({"y": np.float32([[np.nan, np.inf, 1]]), "z": np.float32([np.nan]), "ok": np.int8([1])})
    assert list(warnings_of(seen)) == [
        "output 'y': 1 NaN and 1 infinite among 3 values",
        "output 'z': 1 NaN among 1 value",
    ]


def test_a_face_is_decoded_from_its_anchor() -> None:
    raw, logits = np.zeros((896, 16), np.float32), np.full(896, -100, np.float32)
    # of the 16×16 cells of two anchors each: row 3, column 5; its middle is at 5.5/16, 3.5/16
    raw[2 * (3 * 16 + 5), :4], logits[2 * (3 * 16 + 5)] = (12.8, -12.8, 25.6, 51.2), 0
    boxes, scores = decoded(raw, logits, ((16, 2), (8, 6)), 128, 0.5)
    x, y = 5.5 / 16 + 0.1, 3.5 / 16 - 0.1
    np.testing.assert_allclose(boxes, [[x - 0.1, y - 0.2, x + 0.1, y + 0.2]], atol=1e-7)
    assert scores.tolist() == [0.5]


def test_of_boxes_that_overlap_the_best_is_kept() -> None:
    boxes = np.float64([[0, 0, 2, 2], [0, 0, 2, 1], [5, 5, 6, 6]])
    assert overlaps(boxes[:1], boxes[1:]).tolist() == [[0.5, 0.0]]
    assert apart(boxes, np.float64([0.5, 0.9, 0.1])) == [1, 2]


SIZES = [17, 3, 4, 6, 20, 34, 40, 56, 63, 195, 300, 336, 896, 1008, 1917]
SHAPES = st.lists(st.integers(0, 5) | st.sampled_from(SIZES), max_size=4)
SHAPES = SHAPES.filter(lambda shape: np.prod(shape, dtype=float) < 1e5)
TYPES = st.sampled_from(["float32", "int8", "uint8", "int64", "bool", "float16"])
NAMES = st.sampled_from(["y", "boxes", "classes", "scores", "num", "mask", "landmarks", "logits"])
FILLS = st.sampled_from([0, 1, -1, 0.5, np.nan, np.inf, -np.inf, 1e30, 100])


@settings(max_examples=int(os.environ.get("DELEGRAPH_ANSWERS", "60")), derandomize=True, deadline=None)
@given(
    st.lists(NAMES, min_size=5, max_size=5),
    st.lists(st.tuples(SHAPES, TYPES, FILLS), min_size=1, max_size=5),
    st.sampled_from([None, *TASKS]),
    st.sampled_from([None, (1, 1), (100, 50), (128, 128)]),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.booleans(),
)
def test_any_outputs_have_an_answer_or_an_error(
    names: list[str],
    outputs: list[tuple[list[int], str, float]],
    task: str | None,
    size: tuple[int, int] | None,
    threshold: float,
    is_sound: bool,
) -> None:
    arrays = {}
    for i, (shape, dtype, fill) in enumerate(outputs):
        finite = np.nan_to_num(fill) if np.dtype(dtype).kind != "f" else fill
        with np.errstate(all="ignore"):
            arrays[f"{names[i]}{i}"] = np.full(shape[:4], np.clip(finite, -100, 100), dtype)
    op = POST_PROCESS if len(outputs) > 2 else "ADD"
    seen = seen_of(
        arrays, op, input_size=size, is_sound=is_sound, settings=AnswerSettings(task, threshold=threshold)
    )
    try:
        found = answer(seen)
    except InputError:
        assert task is not None
        return
    for said in found:
        assert task in (None, said.task)
        assert said.output in arrays
        for record in said.records:
            assert set(record) == {c.rstrip(">") for c in TASKS[said.task].columns}


@st.composite
def said_of_any(draw: Any) -> Said:
    """Return an answer of any task, with any numbers and labels."""
    task = draw(st.sampled_from(sorted(TASKS)))
    numbers = st.floats(allow_nan=task in ("pose", "keypoints", "classify", "audio")) | st.integers(
        -200, 200
    )
    whole = st.integers(0, 1 << 40)
    values = {">": numbers, "": st.text(max_size=20)}
    records = []
    for _ in range(draw(st.integers(0, 4))):
        record = {c.rstrip(">"): draw(values[">" if c.endswith(">") else ""]) for c in TASKS[task].columns}
        records.append(
            {k: draw(whole) if k in ("class", "box", "object", "point") else v for k, v in record.items()}
        )
    mask = np.asarray([[r["class"] for r in records] or [0]]) if task == "segment" else None
    return Said(task, tuple(records), "y", mask=mask, bones=((0, 1), (1, 1 << 40)))


@settings(max_examples=int(os.environ.get("DELEGRAPH_ANSWERS", "40")), derandomize=True, deadline=None)
@given(said_of_any(), st.tuples(st.integers(1, 40), st.integers(1, 40)), st.integers(1, 400))
def test_any_answer_can_be_drawn(said: Said, size: tuple[int, int], frames: int) -> None:
    image = pytest.importorskip("PIL.Image")
    over = Sound(np.zeros((frames, 2)), 100) if said.task == "audio" else image.new("RGB", size)
    drawn = TASKS[said.task].draw(over, [said])
    assert drawn.mode == "RGB"
    assert drawn.width >= min(size)


@pytest.mark.parametrize("over", ["sound", "picture", "nothing"])
@pytest.mark.parametrize("task", sorted(TASKS))
def test_an_answer_is_drawn_over_what_fits_it_or_refused(task: str, over: str, tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as f:
        f.setparams((1, 2, 8000, 0, "NONE", ""))
        f.writeframes(bytes(3200))
    looked_at = {
        "sound": LookedAt(str(path), is_sound=True),
        "picture": LookedAt(pixels=np.zeros((4, 5, 3), np.uint8)),
        "nothing": LookedAt(),
    }[over]
    mask = np.zeros((2, 2), np.int64) if task == "segment" else None
    said = [Said(task, (), "y", mask=mask, bones=((0, 1),))]
    if over == "picture" or task in ("audio", "classify"):
        assert picture_of(looked_at, said).mode == "RGB"
    else:
        with pytest.raises(InputError, match=f"nothing to draw {task} on"):
            picture_of(looked_at, said)


def test_the_command_offers_every_task() -> None:
    (option,) = (p for p in run.params if p.name == "task")
    assert sorted(option.type.choices) == sorted(TASKS)
