"""How long a run takes on each OpenCL runtime beside LiteRT with XNNPACK: all in this process, in turn.

A run sets the inputs, invokes, and reads the outputs. ``pytest tests/benchmarks/test_opencl_benchmark.py``
prints the table at the end; ``-k mobilenet`` measures some models only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import models
import numpy as np
import pytest
import tables
import turns
from delegraph import DelegraphError, Interpreter, load_delegate
from inputs import inputs_of

pytestmark = pytest.mark.slow

Run = Callable[[], Any]


@pytest.mark.parametrize("name", models.parameters())
def test_time_of_a_run_per_runtime(name: str, record_property: Callable[[str, Any], None]) -> None:
    runs = {f"XNNPACK {threads}": _litert(name, threads) for threads in (1, 2)}
    runs["reference"] = _delegraph(name, ["reference"])
    runs |= {
        label: _delegraph(name, [load_delegate("opencl", {"device": i}), "reference"])
        for i, label in _runtimes()
    }
    seconds = turns.medians({label: partial(turns.seconds, run) for label, run in runs.items()})
    ratios = {
        f"/XNNPACK 2, {label}": tables.ratio(seconds[label], seconds["XNNPACK 2"])
        for _, label in _runtimes()
    }
    times = {label: tables.milliseconds(found) for label, found in seconds.items()}
    record_property("opencl", {"model": name.removesuffix(".tflite"), **times, **ratios})


def _runtimes() -> list[tuple[str, str]]:
    """Return index and name of each OpenCL device."""
    runtime = pytest.importorskip("delegraph_opencl.device.runtime", reason="needs delegraph-opencl")
    try:
        return [(str(d.index), _short(d.platform)) for d in runtime.devices()]
    except DelegraphError as e:
        pytest.skip(str(e))


def _short(platform: str) -> str:
    """Return a runtime's name without its build flags: "PoCL 3.1+debian"."""
    words = platform.split()
    return " ".join(words[words.index("PoCL") :][:2]) if "PoCL" in words else " ".join(words[:2])


def _litert(name: str, threads: int) -> Run:
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
    try:
        interpreter = litert.Interpreter(str(models.path(name)), num_threads=threads)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as e:
        pytest.skip(f"LiteRT does not run it: {str(e).splitlines()[0][:80]}")
    return _run(interpreter, name)


def _delegraph(name: str, delegates: Sequence[Any]) -> Run:
    interpreter = Interpreter(str(models.path(name)), delegates=delegates, num_threads=2)
    interpreter.allocate_tensors()
    return _run(interpreter, name)


def _run(interpreter: Any, name: str) -> Run:
    """Return what sets the inputs, invokes and reads the outputs."""
    arrays = inputs_of(name, interpreter.get_input_details())
    given = [(d["index"], a) for d, a in zip(interpreter.get_input_details(), arrays, strict=True)]
    wanted = [d["index"] for d in interpreter.get_output_details()]

    def run() -> list[np.ndarray]:
        for index, array in given:
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in wanted]

    return run
