"""Classes on whole data sets: the delegate agrees with BUILTIN_REF at least as often as XNNPACK does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import models
import numpy as np
import pytest
import whole_models
from delegraph import Interpreter, load_delegate
from test_accuracy import Images, _run, _samples, _share, _unlike

Record = Callable[[str, Any], None]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "name",
    models.parameters(("float32", "float16", "uint8", "int8", "dynamic_range", "lstm"), rated="top1"),
)
def test_top_1_agreement_is_at_least_xnnpack_s(name: str, record_property: Record) -> None:
    images, labels = _samples(name)
    reference, xnnpack = (
        _litert_s_scores(name, resolver, images) for resolver in ("BUILTIN_REF", "BUILTIN")
    )
    ours = _our_scores(name, images)
    unlike, others = len(_unlike(ours, reference)), len(_unlike(xnnpack, reference))
    record_property(
        "opencl accuracy",
        {
            "model": name.removesuffix(".tflite"),
            "samples": str(len(labels)),
            "OpenCL≠REF": str(unlike),
            "XNNPACK≠REF": str(others),
            "OpenCL": _accuracy(ours, labels),
            "XNNPACK": _accuracy(xnnpack, labels),
            "REF": _accuracy(reference, labels),
        },
    )
    assert unlike <= others


def _litert_s_scores(name: str, resolver: str, images: Images) -> np.ndarray:
    outputs = whole_models.theirs(models.path(name), resolver, [[x] for x in images])
    return np.stack([out[0][0] for out in outputs])


def _our_scores(name: str, images: Images) -> np.ndarray:
    path = str(models.path(name))
    with (
        load_delegate("opencl") as delegate,
        Interpreter(model_path=path, delegates=[delegate], require_full_delegation=True) as ours,
    ):
        ours.allocate_tensors()
        return np.stack([_run(ours, image, reset=True) for image in images])


def _accuracy(scores: np.ndarray, labels: np.ndarray) -> str:
    return f"{_share(scores.argmax(axis=1) == labels):.4f}"
