"""The models and samples of docs/quantized-models.md: what calibrates, what judges, by which measure.

What calibrates never judges. Photographs are cut to their middle and scaled to -1..1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import models
import numpy as np
import speech
from attrs import frozen
from inputs import SIGNED, crop, part, samples, scaled
from measures import Labels, Measure, Outputs, boxes, classes, decisions, masks
from runs import Samples, by_itself, in_turn

Judging = tuple[Samples, Labels]


@frozen
class Case:
    """A model, its samples and what is asked of it."""

    name: str
    file: str  # of DELEGRAPH_MODELS
    told: str  # what the samples are
    calibrating: Callable[[], Samples]
    judging: Callable[[], Judging]
    measure: Measure
    run: Callable[[Path, Samples], Outputs] = by_itself
    learned: str | None = None  # more options of the rows of 4 bits at best effort; None: no such rows
    # Whether those are made twice, of each half of what judges, and each is judged by the other half.
    in_halves: bool = False


def photographs() -> list[str]:
    """Return the photographs, each of another class of ImageNet, in an order that mixes the classes."""
    files = sorted(map(str, models.data("imagenet_samples").glob("*.jpg")))
    return [files[i] for i in np.random.default_rng(0).permutation(len(files))]


def _photos(side: int, files: Sequence[str]) -> Samples:
    return [[scaled(crop(file, side), SIGNED)[None].astype(np.float32)] for file in files]


def _other_photos(side: int, count: int) -> Samples:
    """Parts of photographs that are not among those of ImageNet's classes."""
    files = [str(models.data(*name.split("/"))) for name in OTHERS]
    seeds = np.random.default_rng(0)
    parts = [part(files[i % len(files)], side, seeds) for i in range(count)]
    return [[scaled(pixels, SIGNED)[None].astype(np.float32)] for pixels in parts]


def _named_photos(side: int) -> Judging:
    files = photographs()
    return _photos(side, files), np.array([int(Path(file).name[:4]) for file in files])


def _images(part: str, count: int) -> Judging:
    images, labels = (samples("cifar10", "cifar10_dev.npz", f"{kind}_{part}")[:count] for kind in "xy")
    return [[image[None]] for image in images.astype(np.float32)], labels


def _digits(shape: tuple[int, ...], part: str, count: int) -> Judging:
    digits, labels = (samples("mnist5k", "mnist_dev.npz", f"{kind}_{part}")[:count] for kind in "xy")
    return [[digit.reshape(shape)] for digit in (digits / 255).astype(np.float32)], labels


def _photo_case(name: str, file: str, side: int, measure: Measure, calibrated: int, judged: int) -> Case:
    def some(first: int, count: int) -> Samples:
        return _photos(side, photographs()[first : first + count])

    told = f"photographs: calibrated with {calibrated}, judged by {judged} others"
    return Case(name, file, told, partial(some, 0, calibrated), lambda: (some(100, judged), None), measure)


def _digits_case(name: str, file: str, shape: tuple[int, ...]) -> Case:
    return Case(
        name,
        f"float32/{file}.tflite",
        "MNIST: calibrated with 100 digits of the training set, judged by 500 of the test set",
        lambda: _digits(shape, "train", 100)[0],
        lambda: _digits(shape, "test", 500),
        classes,
    )


OTHERS = (
    *(f"coral_images/{n}.bmp" for n in "bird cat dog_segmentation grace_hopper squat sunflower".split()),
    *("coral_images/owl.jpg", "coral_images/pets.jpg", "sklearn/china.jpg", "sklearn/flower.jpg"),
)
CASES = (
    Case(
        "MobileNet v2",
        "float32/mobilenet_v2_1.0_224_float_from_ptq.tflite",
        f"calibrated with 100 parts of {len(OTHERS)} photographs, judged by 300 others, each of another "
        "class of ImageNet",
        partial(_other_photos, 224, 100),
        partial(_named_photos, 224),
        classes,
        learned=" --rounding-samples 150",
        in_halves=True,
    ),
    Case(
        "ResNet-8",
        "float32/pretrainedResnet.tflite",
        "CIFAR-10: calibrated with 100 images of the training set, judged by 1,000 of the test set",
        lambda: _images("train", 100)[0],
        lambda: _images("test", 1000),
        classes,
        learned="",
    ),
    _digits_case("ViT", "mnist_vit_fp32", (1, 28, 28, 1)),
    _digits_case("ViT, norms of MUL", "mnist_vit_mulln_fp32", (1, 28, 28, 1)),
    _digits_case("LSTM", "mnist_lstm2_fp32", (1, 28, 28)),
    _photo_case("DeepLab v3", "float32/deeplabv3_257_mv_gpu.tflite", 257, masks, 30, 30),
    _photo_case("face detector", "float32/face_detection_front.tflite", 128, boxes, 100, 200),
    Case("DTLN", speech.MODEL, speech.TOLD, speech.calibrating, speech.judging, decisions, in_turn),
)
