"""The models and samples of docs/quantized-models.md: what calibrates, what judges, by which measure.

What calibrates never judges. Photographs are cut to their middle and scaled to -1..1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import models
import numpy as np
from attrs import frozen
from inputs import SIGNED, crop, samples, scaled
from measures import Measure, boxes, classes, masks

Images = list[np.ndarray]


@frozen
class Case:
    """A model, its samples and what is asked of it."""

    name: str
    file: str  # of DELEGRAPH_MODELS
    told: str  # what the samples are
    calibrating: Callable[[], Images]
    judging: Callable[[], tuple[Images, np.ndarray | None]]  # with labels, where there are any
    measure: Measure
    random: bool = False  # weights that nobody trained


def photographs() -> list[str]:
    """Return the photographs, each of another class of ImageNet, in an order that mixes the classes."""
    files = sorted(map(str, models.data("imagenet_samples").glob("*.jpg")))
    return [files[i] for i in np.random.default_rng(0).permutation(len(files))]


def _photos(side: int, first: int, last: int) -> Images:
    return [scaled(crop(file, side), SIGNED)[None].astype(np.float32) for file in photographs()[first:last]]


def _named_photos(side: int, first: int, last: int) -> tuple[Images, np.ndarray]:
    labels = [int(file.rpartition("/")[2][:4]) for file in photographs()[first:last]]
    return _photos(side, first, last), np.array(labels)


def _unnamed_photos(side: int, first: int, last: int) -> tuple[Images, None]:
    return _photos(side, first, last), None


def _cifar10(part: str, count: int) -> tuple[Images, np.ndarray]:
    images = samples("cifar10", "cifar10_dev.npz", f"x_{part}")[:count].astype(np.float32)
    return list(images[:, None]), samples("cifar10", "cifar10_dev.npz", f"y_{part}")[:count]


def _digits(shape: tuple[int, ...], part: str, count: int) -> tuple[Images, np.ndarray]:
    digits = samples("mnist5k", "mnist_dev.npz", f"x_{part}")[:count].reshape(count, *shape)
    labels = samples("mnist5k", "mnist_dev.npz", f"y_{part}")[:count]
    return list((digits / 255).astype(np.float32)), labels


def _digits_case(name: str, file: str, shape: tuple[int, ...]) -> Case:
    return Case(
        name,
        file,
        "MNIST: calibrated with 100 digits of the training set, judged by 500 of the test set",
        lambda: _digits(shape, "train", 100)[0],
        lambda: _digits(shape, "test", 500),
        classes,
    )


CASES = (
    Case(
        "MobileNet v2",
        "float32/mobilenet_v2_1.0_224_float_from_ptq.tflite",
        "photographs of ImageNet's classes: calibrated with 100, judged by 200 others",
        partial(_photos, 224, 0, 100),
        partial(_named_photos, 224, 100, 300),
        classes,
    ),
    Case(
        "ResNet-8",
        "float32/pretrainedResnet.tflite",
        "CIFAR-10: calibrated with 100 images of the training set, judged by 1,000 of the test set",
        lambda: _cifar10("train", 100)[0],
        lambda: _cifar10("test", 1000),
        classes,
    ),
    _digits_case("ViT", "float32/mnist_vit_fp32.tflite", (1, 28, 28, 1)),
    _digits_case("ViT, norms of MUL", "float32/mnist_vit_mulln_fp32.tflite", (1, 28, 28, 1)),
    _digits_case("LSTM", "float32/mnist_lstm2_fp32.tflite", (1, 28, 28)),
    Case(
        "DeepLab v3",
        "float32/deeplabv3_257_mv_gpu.tflite",
        "photographs: calibrated with 30, judged by the masks of 30 others",
        partial(_photos, 257, 0, 30),
        partial(_unnamed_photos, 257, 100, 130),
        masks,
    ),
    Case(
        "MobileNet v1, random weights",
        "float32/mobilenet_v1_1.0_224_random_fp32.tflite",
        "photographs: calibrated with 20, judged by 100 others",
        partial(_photos, 224, 0, 20),
        partial(_unnamed_photos, 224, 100, 200),
        classes,
        random=True,
    ),
    Case(
        "face detector",
        "float32/face_detection_front.tflite",
        "photographs: calibrated with 100, judged by 200 others",
        partial(_photos, 128, 0, 100),
        partial(_unnamed_photos, 128, 100, 300),
        boxes,
    ),
)
