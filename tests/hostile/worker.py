"""The process in which broken files are tried: reads one, runs it if it can, says what happened."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))

import numpy as np
from child import serve
from delegraph import DelegraphError
from delegraph.file import read_model
from delegraph.interpreter import Interpreter
from numpy.random import PCG64

SEED = 7  # of the inputs
PROC = Path("/proc/self")


def outcome(request: tuple[bytes, int]) -> tuple[str, str, str, float, int, tuple[np.ndarray, ...]]:
    """Read and run a file; return the fields of :class:`trial.Outcome`.

    :param request: the file, and the reader's limit for a tensor in bytes
    """
    start, before = perf_counter(), reset_peak()
    stages: list[str] = ["read"]
    outputs: tuple[np.ndarray, ...] = ()
    try:
        outputs = _tried(*request, stages)
        what, message = "ran", ""
    except DelegraphError as e:
        what, message = _documented(e)
    except Exception as e:
        what, message = f"bare {type(e).__name__}", _where(e)
    return what, stages[-1], message, perf_counter() - start, status("VmHWM") - before, outputs


def inputs_of(details: list[dict[str, Any]]) -> list[np.ndarray]:
    """Return small numbers for each input: 0 to 15."""
    return [_values(tuple(map(int, d["shape"])), np.dtype(d["dtype"])) for d in details]


def _tried(file: bytes, max_tensor_bytes: int, stages: list[str]) -> tuple[np.ndarray, ...]:
    model = read_model(file, max_tensor_bytes=max_tensor_bytes)
    stages.append("prepare")
    with Interpreter(model=model, max_tensor_bytes=max_tensor_bytes) as interpreter:
        interpreter.allocate_tensors()
        stages.append("run")
        details = interpreter.get_input_details()
        for detail, array in zip(details, inputs_of(details), strict=True):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        return tuple(interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details())


def _values(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if dtype.kind in "OSU":
        return np.full(shape, b"text", object)
    raw = PCG64(SEED).random_raw(int(np.prod(shape, dtype=np.int64)))
    return (raw % 16).reshape(shape).astype(dtype)


def _documented(e: DelegraphError) -> tuple[str, str]:
    """Return an error's name and text; one that only wraps what Python raised is a bare exception."""
    cause = e.__cause__
    if cause is not None and not isinstance(cause, DelegraphError):
        return f"{type(e).__name__} of a bare {type(cause).__name__}", _where(cause)
    return type(e).__name__, str(e)[:300]


def _where(e: BaseException) -> str:
    """Return an exception's text and the innermost place in delegraph that raised it."""
    place, trace = "", e.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        place = f"{Path(file).name}:{trace.tb_lineno}" if "delegraph" in file else place
        trace = trace.tb_next
    return f"{str(e)[:200]} ({place})"


def reset_peak() -> int:
    """Let Linux count the peak anew; return the bytes that the process holds now, 0 on other systems."""
    if PROC.exists():
        PROC.joinpath("clear_refs").write_text("5")
    return status("VmRSS")


def status(name: str) -> int:
    if not PROC.exists():
        return 0
    lines = PROC.joinpath("status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024


if __name__ == "__main__":
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    serve(outcome)
