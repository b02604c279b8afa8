"""Real models with custom ops: against LiteRT where it runs them, else what their makers publish."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import litert
import models
import numpy as np
import pytest
from delegraph.interpreter import Interpreter

IMAGES = (
    "automl_video_ondevice__traffic_frames__0001",
    "bird",
    "cat",
    "grace_hopper",
    "posenet__test_image",
    "squat",
    "sunflower",
)


@pytest.mark.parametrize("name", IMAGES)
def test_ssd_mobilenet_finds_the_same_boxes_as_litert_bit_for_bit(name: str) -> None:
    model = model_file("uint8/ssd_mobilenet.tflite")
    image = picture(name, (300, 300))[None]
    for ours, theirs in zip(run(model, image), litert.run(model, [image]), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_posenet_finds_the_poses_that_coral_publishes() -> None:
    """Coral's own test allows 4 pixels and 0.1 of a score: its image is resized by another program.

    Source: google-coral/libcoral, coral/posenet/test_utils.cc.
    """
    model = model_file("int8/posenet_mobilenet_v1_075_353_481_16_quant_decoder.tflite")
    points, scores, totals, count = run(model, picture("posenet__test_image", (481, 353))[None])
    published = models.data("coral_images", f"posenet__{model.stem}_reference.csv")
    known = list(csv.DictReader(published.read_text().splitlines()))
    assert count == [2]
    for row in known:
        pose, keypoint, score = int(row["pose_id"]), int(row["keypoint_id"]), float(row["keypoint_score"])
        assert totals[0, pose] == pytest.approx(float(row["pose_score"]), abs=0.01)
        assert scores[0, pose, keypoint] == pytest.approx(score, abs=0.1)
        if score > 0.5:
            expected = [float(row["keypoint_y"]) * 353, float(row["keypoint_x"]) * 481]
            assert points[0, pose, keypoint] == pytest.approx(expected, abs=2)  # pixels


def test_selfie_segmentation_tells_the_person_from_the_background() -> None:
    model = model_file("float16/selfie_segmentation.tflite")
    image = picture("grace_hopper", (256, 256)).astype(np.float32)[None] / 255
    (mask,) = run(model, image)
    face, corner = mask[0, 100:150, 110:150], mask[0, :40, :40]
    assert face.min() > 0.99
    assert corner.max() < 0.01


def test_hair_segmentation_finds_what_is_on_the_head() -> None:
    model = model_file("float32/hair_segmentation.tflite")
    image = np.zeros((1, 512, 512, 4), np.float32)  # the fourth channel: the mask of the frame before
    image[0, ..., :3] = picture("grace_hopper", (512, 512)) / 255
    (logits,) = run(model, image)
    likely = logits[0, ..., 1] - logits[0, ..., 0]
    assert likely[80:110, 200:320].mean() > likely[200:300, 200:320].mean() + 2
    assert likely[80:110, 200:320].mean() > likely[:60, :100].mean() + 2


def run(model: Path, image: np.ndarray) -> list[Any]:
    it = Interpreter(model)
    it.allocate_tensors()
    it.set_tensor(it.get_input_details()[0]["index"], image)
    it.invoke()
    return [it.get_tensor(d["index"]) for d in it.get_output_details()]


def model_file(name: str) -> Path:
    if models.folder() is None:
        pytest.skip(models.NO_MODELS)
    return models.path(name)


def picture(name: str, size: tuple[int, int]) -> np.ndarray:
    """Return one of Coral's images as (height, width, 3), uint8."""
    image = pytest.importorskip("PIL.Image", reason="Pillow reads the images")
    found = image.open(models.data("coral_images", f"{name}.bmp")).convert("RGB")
    return np.asarray(found.resize(size, image.Resampling.BILINEAR))
