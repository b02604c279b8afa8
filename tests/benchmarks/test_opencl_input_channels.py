"""What ``input_channels=4`` gains: a camera's RGBA image, given whole or cut to three channels first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import models
import numpy as np
import pytest
import tables
import turns
from delegraph import DelegraphError, Interpreter, load_delegate

NAMES = (
    "float32/mobilenet_v2_1.0_224_float_from_ptq.tflite",
    "float32/deeplabv3_257_mv_gpu.tflite",
    "uint8/ssd_mobilenet.tflite",
    "int8/posenet_mobilenet_v1_100_257x257_multi_kpt_stripped_integer_quant.tflite",
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kernels", ["cpu", "gpu"])
@pytest.mark.parametrize("name", NAMES)
def test_time_of_an_rgba_image(
    name: str, kernels: str, record_property: Callable[[str, Any], None]
) -> None:
    if name not in models.names():
        pytest.skip(models.NO_MODELS)
    with _loaded(name, kernels, None) as rgb, _loaded(name, kernels, 4) as rgba:
        image = _image(rgba)
        outputs = [_run(rgb, np.ascontiguousarray(image[..., :3])), _run(rgba, image)]
        runs = (lambda: _run(rgb, np.ascontiguousarray(image[..., :3])), lambda: _run(rgba, image))
        times = turns.medians({i: partial(turns.seconds, run) for i, run in enumerate(runs)})
    for a, b in zip(*outputs, strict=True):
        assert np.allclose(a, b, rtol=0, atol=1e-5 * max(float(np.abs(a).max(initial=0)), 1.0))
    cut, whole = times[0], times[1]
    record_property(
        "opencl rgba",
        {
            "model": name.removesuffix(".tflite"),
            "kernels": kernels,
            "cut to RGB, ms": tables.milliseconds(cut),
            "RGBA, ms": tables.milliseconds(whole),
            "RGBA/RGB": f"{whole / cut:.3f}",
        },
    )


@contextmanager
def _loaded(name: str, kernels: str, channels: int | None) -> Iterator[Interpreter]:
    try:
        delegate = load_delegate("opencl", {"kernels": kernels, "input_channels": channels})
    except DelegraphError as e:
        pytest.skip(str(e))
    if (why := delegate.unavailable()) is not None:
        pytest.skip(why)
    with delegate, Interpreter(str(models.path(name)), delegates=[delegate, "reference"]) as interpreter:
        interpreter.allocate_tensors()
        yield interpreter


def _image(interpreter: Interpreter) -> np.ndarray:
    detail = interpreter.get_input_details()[0]
    shape = tuple(map(int, detail["shape"]))
    bits = np.random.PCG64(4).random_raw(int(np.prod(shape))).reshape(shape)
    if np.dtype(detail["dtype"]).kind == "f":
        return (bits % 256 / 127.5 - 1).astype(detail["dtype"])
    return (bits % 256).astype(np.uint8).view(detail["dtype"])


def _run(interpreter: Interpreter, image: np.ndarray) -> list[np.ndarray]:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
