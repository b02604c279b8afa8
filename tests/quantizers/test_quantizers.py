"""int8 of ours is not behind that of ai-edge-quantizer on the same samples, nor does it cost more.

Each sample is judged by both models: ours is behind where the interval of the paired difference, of 95 %,
lies below zero.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import litert
import models
import numpy as np
import pytest
from cases import CASES
from delegraph import Signature, read_model, write_file, write_model
from measures import interval

pytestmark = [pytest.mark.slow, pytest.mark.skipif(models.folder() is None, reason=models.NO_MODELS)]

METHODS = ("minmax", "average", "mse", "best")
Record = Callable[[str, Any], None]


def signed(path: Path, folder: Path) -> Path:
    """Return a model with a signature: ai-edge-quantizer calibrates no other."""
    model = read_model(path)
    if model.signatures:
        return path
    (x,), (y,) = model.subgraphs[0].inputs, model.subgraphs[0].outputs
    signature = Signature("serving_default", {"x": x.index}, {"y": y.index}, 0)
    write_file(folder / path.name, write_model(attrs.evolve(model, signatures=(signature,))))
    return folder / path.name


def classes(path: Path, images: list[np.ndarray]) -> np.ndarray:
    """Return LiteRT's class of each image; integer inputs get the integers that stand for it."""
    x = read_model(path).subgraphs[0].inputs[0]
    if x.dtype == "int8":
        images = [np.clip(np.rint(i / x.scale) + x.zero_point, -128, 127).astype(np.int8) for i in images]
    with litert.loaded(path, "BUILTIN", timeout=3600) as it:
        found = [it.sample([[i] for i in images[at : at + 20]]) for at in range(0, len(images), 20)]
    return np.array([np.ravel(outputs[0]).argmax() for some in found for outputs in some])


@pytest.mark.parametrize("name", ["ResNet-8", "ViT", "ViT, norms of MUL", "MobileNet v2"])
def test_ours_is_not_behind(name: str, quantize: Any, tmp_path: Path, record_property: Record) -> None:
    case = next(case for case in CASES if case.name == name)
    samples, floats = tmp_path / "samples.npy", signed(models.path(case.file), tmp_path)
    np.save(samples, np.stack([x for (x,) in case.calibrating()]))
    quantize("aeq", floats, samples, tmp_path / "aeq.tflite")
    judging, labels = case.judging()
    images = [x for (x,) in judging]
    assert labels is not None
    labels = np.asarray(labels) + (name == "MobileNet v2")  # its first class is "background"
    wanted, theirs = (classes(path, images) for path in (floats, tmp_path / "aeq.tflite"))
    row, behind = {"model": name, "aeq": _row(theirs, wanted, labels)}, []
    for method in METHODS:
        out = tmp_path / f"{method}.tflite"
        quantize(f"delegraph:{method}", floats, samples, out)
        ours = classes(out, images)
        row[method] = _row(ours, wanted, labels)
        for truth in (wanted, labels):
            low, high = interval((ours == truth).astype(int) - (theirs == truth).astype(int))
            if method == "best" and high < 0:
                behind.append(f"{low:.3f} to {high:.3f}")
    record_property("classes", row)
    assert not behind


def _row(found: np.ndarray, wanted: np.ndarray, labels: np.ndarray) -> str:
    return f"{100 * np.mean(found == wanted):.1f} / {100 * np.mean(found == labels):.1f}"


def test_mobilenet_costs_less(quantize: Any, tmp_path: Path, record_property: Record) -> None:
    """The processor's seconds: a busy machine stretches the clock's."""
    case = next(case for case in CASES if case.name == "MobileNet v2")
    samples = tmp_path / "samples.npy"
    np.save(samples, np.stack([x for (x,) in case.calibrating()]))
    rows = {}
    for who in ("delegraph", "aeq"):
        rows[who] = quantize(who, models.path(case.file), samples, tmp_path / f"{who}.tflite")
        record_property("cost", {"by": who, **{key: f"{value:.1f}" for key, value in rows[who].items()}})
    ours, theirs = rows["delegraph"], rows["aeq"]
    assert ours["processor"] < theirs["processor"]
    assert ours["MiB"] < theirs["MiB"]
