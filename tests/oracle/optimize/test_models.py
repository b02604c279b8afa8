"""Real models in every scheme: sizes, and how often LiteRT gives the class that it gives with floats."""

from __future__ import annotations

from pathlib import Path

import litert
import models
import numpy as np
import pytest
from delegraph_optimize import quantize
from inputs import samples

IMAGES = 200
# scheme, its options, the largest share of the float file, the least agreement of classes
SCHEMES = (
    ("float16", {}, 0.53, 0.99),
    ("dynamic", {}, 0.31, 0.95),
    ("int8", {}, 0.32, 0.92),
    ("int8", {"method": "mse"}, 0.32, 0.92),
    ("int16x8", {}, 0.32, 0.95),
)


def classes(model: bytes | Path, images: list[np.ndarray]) -> np.ndarray:
    with litert.loaded(model, "BUILTIN") as theirs:
        return np.array([out[0][0].argmax() for out in theirs.sample([[x] for x in images])])


@pytest.mark.skipif(models.folder() is None, reason=models.NO_MODELS)
@pytest.mark.parametrize(("scheme", "options", "share", "agreement"), SCHEMES)
def test_resnet8_keeps_its_classes(
    scheme: str, options: dict[str, str], share: float, agreement: float
) -> None:
    path = models.path("float32/pretrainedResnet.tflite")
    images = [x[None].astype(np.float32) for x in samples("cifar10", "cifar10_dev.npz", "x_test")[:IMAGES]]
    train = samples("cifar10", "cifar10_dev.npz", "x_train")[:20]
    data = [x[None].astype(np.float32) for x in train] if scheme.startswith("int") else None
    found = quantize(path, scheme, data=data, **options)
    assert found.report.bytes_after < share * found.report.bytes_before
    assert np.mean(classes(found.content, images) == classes(path, images)) >= agreement


@pytest.mark.skipif(models.folder() is None, reason=models.NO_MODELS)
def test_an_integer_lstm_keeps_its_classes() -> None:
    path = models.path("float32/mnist_lstm2_fp32.tflite")
    digits = samples("mnist5k", "mnist_dev.npz", "x_test")[:100].reshape(-1, 1, 28, 28)
    images = list((digits / 255).astype(np.float32))
    train = samples("mnist5k", "mnist_dev.npz", "x_train")[:30].reshape(-1, 1, 28, 28)
    found = quantize(path, "int8", data=list((train / 255).astype(np.float32)))
    assert len(found.report.refused) == 0
    assert found.report.bytes_after < 0.35 * found.report.bytes_before
    assert np.mean(classes(found.content, images) == classes(path, images)) >= 0.95
