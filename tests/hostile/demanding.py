"""The process in which models with large numbers are tried: what becomes of one, and what it takes."""

from __future__ import annotations

import logging
import resource
import sys
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from child import serve
from delegraph import DelegraphError, Interpreter, load_delegate
from worker import reset_peak, status

ROOM = 2 << 30  # bytes of address space beyond what the imports take
LIMITS = {"max_tensor_bytes": 16 << 20, "max_total_bytes": 64 << 20, "max_while_iterations": 100}
_delegates: dict[Any, Any] = {}


def answer(request: tuple[str, dict[str, str], bytes, list[np.ndarray]]) -> tuple[str, float, int]:
    """Run a file on a delegate; return what came of it, seconds of CPU, and bytes that it took."""
    name, options, file, arrays = request
    key = (name, *options.items())
    if key not in _delegates:
        _delegates[key] = load_delegate(name, options)
    start, before = process_time(), reset_peak()
    try:
        with Interpreter(model_content=file, delegates=[_delegates[key]], **LIMITS) as interpreter:
            interpreter.allocate_tensors()
            for detail, array in zip(interpreter.get_input_details(), arrays, strict=True):
                interpreter.set_tensor(detail["index"], array)
            interpreter.invoke()
        what = "ran"
    except DelegraphError as e:
        what = f"{type(e).__name__}: {e}"
    except Exception as e:
        what = f"bare {type(e).__name__}: {e}"
    return what, process_time() - start, status("VmHWM") - before


if __name__ == "__main__":
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    limit = status("VmSize") + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    serve(answer)
