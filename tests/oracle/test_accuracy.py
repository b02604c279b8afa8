"""Every classification model gives LiteRT's class for every sample, and the accuracies of MANIFEST.json.

The manifest's accuracies are those of LiteRT's default resolver, which computes with XNNPACK. For the
models in XNNPACK_ONLY they are not those of ``BUILTIN_REF``; for all others ours must be the manifest's.

Source: measured, ai-edge-litert 2.3.0 gives every accuracy of the manifest with the samples prepared so.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from typing import Any

import litert
import models
import numpy as np
import pytest
from delegraph.interpreter import Interpreter
from inputs import crop, samples, stored

BATCH = 50  # samples per request to LiteRT's process
# Behind each, measured: the samples that XNNPACK gives another class than BUILTIN_REF and than we.
XNNPACK_ONLY = {
    "uint8/mobilenet_v1_0.25_128_quant.tflite",  # 9 of 300
    "int8/pretrainedResnet_quant.tflite",  # 37 of 1000
    "int8/mlperf_resnet8_int8io.tflite",  # 26 of 1000
    "int8/mnist_vit_int8.tflite",  # 13 of 500
    "int8/mnist_vit_int8io.tflite",  # 13 of 500
    "dynamic_range/mobilenet_v2_1.0_224_aeq_dr.tflite",  # 1 of 300
}

Record = Callable[[str, Any], None]
Images = list[np.ndarray]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", models.parameters(rated="top1"))
def test_classes_and_accuracy_equal_litert_s(name: str, record_property: Record) -> None:
    _compare(name, record_property, {k: models.manifest()[name]["accuracy"][k] for k in ("top1", "top5")})


@pytest.mark.parametrize("name", models.parameters(rated="top1_without_reset"))
def test_state_kept_from_image_to_image_counts_as_in_litert(name: str, record_property: Record) -> None:
    known = models.manifest()[name]["accuracy"]["top1_without_reset"]
    _compare(name, record_property, {"top1": known}, reset=False)


def _compare(name: str, record: Record, known: dict[str, float], reset: bool = True) -> None:
    images, labels = _samples(name)
    default = _litert_scores(name, images, reset, "BUILTIN")
    reference = _litert_scores(name, images, reset, "BUILTIN_REF")
    ours = _our_scores(name, images, reset)
    title = name.removesuffix(".tflite") + ("" if reset else ", state kept")
    record("accuracy", {"model": title, **_row(known, default, reference, ours, labels)})
    differ = _unlike(ours, reference)
    assert not len(differ), f"samples {differ[:10].tolist()} are classified otherwise"
    assert _shares(ours, labels) == _shares(reference, labels)
    _assert_reproduced(known, default if name in XNNPACK_ONLY else ours, labels)


def _row(
    known: dict[str, float],
    default: np.ndarray,
    reference: np.ndarray,
    ours: np.ndarray,
    labels: np.ndarray,
) -> dict[str, str]:
    return {
        "samples": str(len(labels)),
        "manifest": _text(known),
        "LiteRT": _text(_shares(default, labels)),
        "LiteRT REF": _text(_shares(reference, labels)),
        "delegraph": _text(_shares(ours, labels)),
        "delegraph≠REF": str(len(_unlike(ours, reference))),
        "LiteRT≠REF": str(len(_unlike(default, reference))),
    }


def _samples(name: str) -> tuple[Images, np.ndarray]:
    """Return the inputs and the classes of the data set that the manifest names for a model."""
    known = models.manifest()[name]["accuracy"]
    with Interpreter(model_path=str(models.path(name))) as interpreter:
        detail = interpreter.get_input_details()[0]
    shape = tuple(map(int, detail["shape"]))
    read = next(read for start, read in _DATA.items() if known["data"].startswith(start))
    pixels, labels = read(shape[1])
    assert len(labels) == known["n"]
    real = next(real for end, real in _SCALING.items() if end in known["data"])
    return [stored(real(np.asarray(p, np.float32)), detail).reshape(shape) for p in pixels], labels


def _imagenet(side: int) -> tuple[Sequence[np.ndarray], np.ndarray]:
    files = sorted(models.data("imagenet_samples").glob("*.jpg"))
    labels = np.array([int(file.name[:4]) + 1 for file in files])  # class 0 is "background"
    return [crop(str(file), side) for file in files], labels


def _cifar10(side: int) -> tuple[Sequence[np.ndarray], np.ndarray]:
    file = ("cifar10", "cifar10_dev.npz")
    return samples(*file, "x_test"), samples(*file, "y_test")


def _mnist(side: int) -> tuple[Sequence[np.ndarray], np.ndarray]:
    file = ("mnist5k", "mnist_dev.npz")
    return samples(*file, "x_test"), samples(*file, "y_test")


def _our_scores(name: str, images: Images, reset: bool) -> np.ndarray:
    with Interpreter(model_path=str(models.path(name)), num_threads=1) as ours:
        ours.allocate_tensors()
        return np.stack([_run(ours, image, reset) for image in images])


def _run(interpreter: Interpreter, image: np.ndarray, reset: bool) -> np.ndarray:
    if reset:
        interpreter.reset_all_variables()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]


def _litert_scores(name: str, images: Images, reset: bool, resolver: str) -> np.ndarray:
    with litert.loaded(models.path(name), resolver) as theirs:
        if not reset:
            return np.stack([theirs.run([image])[0][0] for image in images])
        batches = [images[k : k + BATCH] for k in range(0, len(images), BATCH)]
        return np.stack([out[0][0] for batch in batches for out in theirs.sample([[x] for x in batch])])


def _unlike(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the samples that get another class."""
    return np.flatnonzero(some.argmax(axis=1) != others.argmax(axis=1))


def _shares(scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return the shares of samples whose class is the first, and is among the first five."""
    found = _ranked(scores.astype(np.float32)) == labels[:, None]
    return {"top1": _share(found[:, 0]), "top5": _share(found.any(axis=1))}


def _share(hits: np.ndarray) -> float:
    return round(float(hits.mean()), 4)  # as the manifest rounds


def _assert_reproduced(known: dict[str, float], scores: np.ndarray, labels: np.ndarray) -> None:
    """Check accuracies of the manifest; where NumPy orders ties otherwise, that some order gives them."""
    if _ties_fall_as_in_the_manifest():
        shares = _shares(scores, labels)
        assert {key: shares[key] for key in known} == known
        return
    own = np.take_along_axis(scores, labels[:, None].astype(np.int64), axis=1)
    for key, share in known.items():
        count = {"top1": 1, "top5": 5}[key]
        least, most = (scores >= own).sum(axis=1) <= count, (scores > own).sum(axis=1) < count
        assert _share(least) <= share <= _share(most), key


def _ranked(scores: np.ndarray) -> np.ndarray:
    """Return the five best classes of each sample, equal scores in the order of the manifest's maker.

    Quantized scores are often equal. The manifest has them in the order of ``numpy.argsort(-scores)``,
    which is not stable and depends on the CPU: here it is AVX2's, so a process without AVX-512 sorts.
    """
    given = BytesIO()
    np.save(given, scores)
    environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_SKX AVX512_ICL AVX512_SPR"}
    command = [sys.executable, "-W", "ignore", "-c", _RANK]
    done = subprocess.run(command, input=given.getvalue(), env=environment, capture_output=True, check=True)
    return np.load(BytesIO(done.stdout))


@cache
def _ties_fall_as_in_the_manifest() -> bool:
    return _ranked(np.arange(1001, dtype=np.float32)[None] % 3)[0].tolist() == _AVX2_ORDER


def _text(shares: dict[str, float]) -> str:
    return " / ".join(f"{share:.4f}" for share in shares.values())


_RANK = """
import io, sys
import numpy as np
scores = np.load(io.BytesIO(sys.stdin.buffer.read()))
np.save(sys.stdout.buffer, np.argsort(-scores, axis=1)[:, :5])
"""
_AVX2_ORDER = [344, 341, 368, 365, 362]  # of the ties that _ties_fall_as_in_the_manifest sorts
_DATA: dict[str, Callable[[int], tuple[Sequence[np.ndarray], np.ndarray]]] = {
    "imagenet_samples": _imagenet,
    "cifar10_dev": _cifar10,
    "mnist_dev": _mnist,
}
# In float32: hybrid models' classes depend on the last bit of their inputs.
_SCALING: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "x/127.5-1": lambda pixels: pixels / np.float32(127.5) - np.float32(1),
    "/ 255": lambda pixels: pixels / np.float32(255),
    "raw": lambda pixels: pixels,
}
