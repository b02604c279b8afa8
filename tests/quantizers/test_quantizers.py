"""int8 of ours is not behind that of ai-edge-quantizer on the same samples, nor does it cost more.

Each sample is judged by both models. Of shares and overlaps, ours is behind where the interval of the mean
difference, of 95 %, lies below zero; of right and wrong, where McNemar's exact test says so: intervals are
not for the few samples in which two good models differ. An LSTM stays in floats in ai-edge-quantizer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import models
import numpy as np
import pytest
from cases import CASES, Case
from delegraph import Signature, Tensor, read_model, write_file, write_model
from delegraph_optimize.report.intervals import mcnemar, paired_interval
from measures import Outputs, boxes, classes, interval, masks
from runs import Samples, by_itself

pytestmark = [pytest.mark.slow, pytest.mark.skipif(models.folder() is None, reason=models.NO_MODELS)]

METHODS = ("", "minmax", "average", "mse")  # "": the default
JUDGED = [case for case in CASES if case.run is by_itself]
Record = Callable[[str, Any], None]


def signed(path: Path, folder: Path) -> Path:
    """Return a model with a signature: ai-edge-quantizer calibrates no other."""
    model = read_model(path)
    if model.signatures:
        return path
    graph = model.subgraphs[0]
    inputs, outputs = (
        {f"{name}{i}": t.index for i, t in enumerate(tensors)}
        for name, tensors in (("x", graph.inputs), ("y", graph.outputs))
    )
    signature = Signature("serving_default", inputs, outputs, 0)
    write_file(folder / path.name, write_model(attrs.evolve(model, signatures=(signature,))))
    return folder / path.name


def outputs(path: Path, samples: Samples) -> Outputs:
    """Return LiteRT's outputs in real numbers; integer inputs get the integers that stand for a sample."""
    graph = read_model(path).subgraphs[0]
    stored = [[_stored(x, t) for x, t in zip(s, graph.inputs, strict=True)] for s in samples]
    return [
        [_real(y, t) for y, t in zip(found, graph.outputs, strict=True)]
        for found in by_itself(path, stored)
    ]


def _stored(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    if tensor.dtype != "int8":
        return values
    return np.clip(np.rint(values / tensor.scale) + tensor.zero_point, -128, 127).astype(np.int8)


def _real(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    if tensor.dtype != "int8":
        return values
    return (values.astype(np.float32) - tensor.zero_point) * np.float32(tensor.scale)


def scores(case: Case, wanted: Outputs, found: Outputs) -> np.ndarray:
    """Return, of each sample, how near it comes to the float model's."""
    kind = {classes: "agreement", masks: "agreement", boxes: "overlap"}[case.measure]
    each = [case.measure([w], [f], None) for w, f in zip(wanted, found, strict=True)]
    return np.array([row[kind] for row in each], np.float64)


def difference(theirs: np.ndarray, ours: np.ndarray) -> tuple[Sequence[float], bool]:
    """Return the interval of how far ours is ahead, and whether it is behind."""
    there = ~np.isnan(theirs)  # photographs without a face have no overlap
    theirs, ours = theirs[there], ours[there]
    if not set(np.unique([theirs, ours])) <= {0.0, 1.0}:
        found = interval(ours - theirs)
        return found, found[1] < 0
    both, lost = int((theirs * ours).sum()), int((theirs > ours).sum())
    gained = int((ours > theirs).sum())
    found = paired_interval(both, lost, gained, len(ours) - both - lost - gained)
    return found, lost > gained and mcnemar(lost, gained) < 0.05


@pytest.mark.filterwarnings(
    "ignore:Mean of empty slice", "ignore:invalid value", "ignore:Degrees of freedom"
)
@pytest.mark.parametrize("case", JUDGED, ids=[case.name for case in JUDGED])
def test_ours_is_not_behind(case: Case, quantize: Any, tmp_path: Path, record_property: Record) -> None:
    samples, floats = tmp_path / "samples.npy", signed(models.path(case.file), tmp_path)
    np.save(samples, np.stack([sample[0] for sample in case.calibrating()]))
    quantize("aeq", floats, samples, tmp_path / "aeq.tflite")
    images, _ = case.judging()
    wanted = outputs(floats, images)
    theirs = scores(case, wanted, outputs(tmp_path / "aeq.tflite", images))
    row, ahead = {"model": case.name, "samples": len(images), "aeq": f"{100 * np.nanmean(theirs):.1f}"}, {}
    for method in METHODS:
        out = tmp_path / f"ours{method}.tflite"
        quantize(f"delegraph:{method}", floats, samples, out)
        ours = scores(case, wanted, outputs(out, images))
        row[method or "default"] = f"{100 * np.nanmean(ours):.1f}"
        ahead[method] = difference(theirs, ours)
    ends, is_behind = ahead[""]
    row["default - aeq"] = " to ".join(f"{100 * end:+.1f}" for end in ends)
    record_property("same", row)
    assert not is_behind


def test_mobilenet_costs_less(quantize: Any, tmp_path: Path, record_property: Record) -> None:
    """The processor's seconds: a busy machine stretches the clock's."""
    case = next(case for case in CASES if case.name == "MobileNet v2")
    samples = tmp_path / "samples.npy"
    np.save(samples, np.stack([sample[0] for sample in case.calibrating()]))
    rows = {}
    for who in ("delegraph", "delegraph::reference", "aeq"):
        rows[who] = quantize(who, models.path(case.file), samples, tmp_path / "out.tflite")
        record_property("cost", {"by": who, **{key: f"{value:.1f}" for key, value in rows[who].items()}})
    ours, theirs = rows["delegraph"], rows["aeq"]
    assert ours["processor"] < theirs["processor"]
    assert ours["MiB"] < theirs["MiB"]
