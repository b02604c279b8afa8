"""The models of docs/compressed-models.json and their samples. What is reconstructed or trained on never
judges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import models
import numpy as np
from attrs import frozen
from cases import photographs
from inputs import SIGNED, crop, samples, scaled
from recipes import BESIDE, RECIPES, trains

Samples = Sequence[Sequence[np.ndarray]]
Judging = tuple[Samples, np.ndarray]
Load = Callable[[], Judging]
PEER = Path(__file__).resolve().parents[1] / "peer_training" / "files" / "float.tflite"


@frozen
class Case:
    """A model, its samples, and how long it is trained.

    The loaders give what is reconstructed on, what judges, and, if it has labels, what is trained on.
    """

    name: str
    file: str  # of DELEGRAPH_MODELS, or of this repository
    told: str  # what the samples are
    steps: str  # options of training
    giving: Load
    judging: Load
    training: Load | None = None  # None: as ``giving``, without labels
    seeds: int = 1
    recipes: tuple[str, ...] = tuple(RECIPES)

    @property
    def path(self) -> Path:
        return PEER if self.file.startswith("tests/") else models.path(self.file)

    @property
    def labelled(self) -> bool:
        return self.training is not None


def _images(part: str, first: int, last: int) -> Judging:
    images, labels = (samples("cifar10", "cifar10_dev.npz", f"{kind}_{part}")[first:last] for kind in "xy")
    return [[image[None]] for image in images.astype(np.float32)], labels


def _digits(first: int, last: int) -> Judging:
    """Digits of MNIST: 4,000 of the training set and behind them 500 of the test set."""
    digits, labels = (
        np.concatenate([samples("mnist5k", "mnist_dev.npz", f"{kind}_{p}") for p in ("train", "test")])
        for kind in "xy"
    )
    some = (digits[first:last] / 255).astype(np.float32)
    return [[digit.reshape(1, 28, 28, 1)] for digit in some], labels[first:last]


def _photos(first: int, last: int) -> Judging:
    files = photographs()[first:last]
    images = [[scaled(crop(file, 224), SIGNED)[None].astype(np.float32)] for file in files]
    return images, np.array([int(Path(file).name[:4]) for file in files])


CASES = (
    Case(
        "ResNet-8",
        "float32/pretrainedResnet.tflite",
        "CIFAR-10: reconstructed on 512 images of the training set, trained on 3,000 of it, judged by "
        "1,000 of the test set",
        "--epochs 10 --lr 0.003",
        partial(_images, "train", 0, 512),
        partial(_images, "test", 0, 1000),
        partial(_images, "train", 0, 3000),
    ),
    Case(
        "ResNet-8, 500 images",
        "float32/pretrainedResnet.tflite",
        "CIFAR-10: reconstructed and trained on 500 images of the test set, judged by the other 500",
        "--epochs 10 --lr 0.003",
        partial(_images, "test", 0, 500),
        partial(_images, "test", 500, 1000),
        partial(_images, "test", 0, 500),
        seeds=5,
        recipes=tuple(r for r, of in RECIPES.items() if trains(of) or r in BESIDE.values()),
    ),
    Case(
        "MobileNet v2",
        "float32/mobilenet_v2_1.0_224_float_from_ptq.tflite",
        "its floats came of int8, so that the file compresses well as it is; photographs, each of another "
        "class of ImageNet: reconstructed and trained on 100 without labels, judged by 200 others",
        "--epochs 8 --batch 16 --lr 0.0001 --augment mirror,crop,colour",
        partial(_photos, 0, 100),
        partial(_photos, 100, 300),
    ),
    Case(
        "MobileNet v2, 200 images",
        "float32/mobilenet_v2_1.0_224_float_from_ptq.tflite",
        "as above: reconstructed and trained on 200 of the photographs, judged by the other 100",
        "--epochs 8 --batch 16 --lr 0.0001 --augment mirror,crop,colour",
        partial(_photos, 0, 200),
        partial(_photos, 200, 300),
        recipes=("50 % zeros", "2:4", "32 clusters", "int4 weights"),
    ),
    Case(
        "ViT",
        "float32/mnist_vit_fp32.tflite",
        "MNIST: reconstructed on 512 digits of the training set, trained on 4,000 of it, judged by 500 of "
        "the test set",
        "--epochs 10 --lr 0.003",
        partial(_digits, 0, 512),
        partial(_digits, 4000, 4500),
        partial(_digits, 0, 4000),
    ),
    Case(
        "MNIST CNN",
        "tests/benchmarks/peer_training/files/float.tflite",
        "MNIST: it learned 3,000 digits; reconstructed on 512 of them, trained on all of them, judged by "
        "1,500 others",
        "--epochs 4",
        partial(_digits, 0, 512),
        partial(_digits, 3000, 4500),
        partial(_digits, 0, 3000),
    ),
)
