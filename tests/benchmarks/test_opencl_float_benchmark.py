"""Models of floats, some with int8 weights, on OpenCL beside XNNPACK and OpenVINO.

All have two threads and take turns in one process; a run sets the inputs, invokes, and reads the outputs.
Of two ratios the first is of medians, the median over neighboring blocks; the second is of the fastest
runs, which other programs disturb least. Below 1 OpenCL is faster. OpenVINO, where it is installed, is
measured as it comes and with its inference precision held at float32. ``DELEGRAPH_PRECISION`` sets the
option of that name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from statistics import median
from typing import Any

import models
import numpy as np
import pytest
import tables
import turns
from delegraph import Interpreter, load_delegate
from inputs import inputs_of

lite = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
pytest.importorskip("delegraph_opencl", reason="needs delegraph-opencl")

THREADS = 2
PRECISION = os.environ.get("DELEGRAPH_PRECISION", "float32")
OPENVINO: Mapping[str, Mapping[str, str]] = {
    "OpenVINO": {},
    "OpenVINO float32": {"INFERENCE_PRECISION_HINT": "f32"},
}

pytestmark = pytest.mark.slow

Run = Callable[[], Any]


@pytest.mark.parametrize("name", models.parameters(("float32", "float16", "dynamic_range")))
def test_float_models_beside_xnnpack(name: str, record_property: Callable[[str, Any], None]) -> None:
    theirs = lite.Interpreter(str(models.path(name)), num_threads=THREADS)
    ours = Interpreter(
        str(models.path(name)),
        delegates=[load_delegate("opencl", {"precision": PRECISION}), "reference"],
        num_threads=THREADS,
    )
    runs = {"OpenCL": _interpreter(ours, name), "XNNPACK": _interpreter(theirs, name), **_openvino(name)}
    found = turns.blocks({label: partial(turns.seconds, run) for label, run in runs.items()})
    row = {"model": name.removesuffix(".tflite")}
    row |= {label: tables.milliseconds(median(chain(*blocks))) for label, blocks in found.items()}
    row |= {f"/{other}": _ratios(found["OpenCL"], found[other]) for other in runs if other != "OpenCL"}
    record_property("opencl floats", row)


def _ratios(ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]) -> str:
    """Return how many times as long ours takes: by the medians of neighbors, and by the fastest runs."""
    neighbors = median(median(a) / median(b) for a, b in zip(ours, theirs, strict=True))
    return f"{neighbors:.2f} {min(chain(*ours)) / min(chain(*theirs)):.2f}"


def _interpreter(interpreter: Any, name: str) -> Run:
    """Return what sets the inputs, invokes and reads the outputs."""
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()
    given = [(d["index"], a) for d, a in zip(details, inputs_of(name, details), strict=True)]
    wanted = [d["index"] for d in interpreter.get_output_details()]

    def run() -> list[np.ndarray]:
        for index, array in given:
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in wanted]

    return run


def _openvino(name: str) -> dict[str, Run]:
    """Return a run with each setting of OpenVINO; nothing where it is missing or cannot run it."""
    try:
        import openvino
    except ImportError:
        return {}
    core, runs = openvino.Core(), {}
    for label, settings in OPENVINO.items():
        try:
            model = core.read_model(str(models.path(name)))
            threads = {"INFERENCE_NUM_THREADS": THREADS}
            request = core.compile_model(model, "CPU", {**threads, **settings}).create_infer_request()
            details = [_details(x) for x in model.inputs]
            request.infer(arrays := inputs_of(name, details))
        except RuntimeError:  # an op, or a custom op, that its frontend does not know
            return {}
        runs[label] = partial(_inferred, request, arrays)
    return runs


def _details(x: Any) -> dict[str, Any]:
    return {"shape": list(x.shape), "dtype": x.element_type.to_dtype(), "quantization": (0.0, 0)}


def _inferred(request: Any, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [np.array(found) for found in request.infer(arrays).values()]
