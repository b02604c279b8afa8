"""A program: one model, one new process; what it measures is printed as JSON.

``start.py first MODEL INPUTS OPTIONS`` gives the seconds from the constructor to the first result.
``start.py runs MODEL INPUTS OUTPUTS`` gives the medians of runs, in turn with LiteRT's XNNPACK, and
keeps the outputs.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

import numpy as np
import turns
from delegraph import Interpreter, load_delegate


def first(model: str, inputs: str, options: str) -> dict[str, Any]:
    given = list(np.load(inputs).values())

    def start() -> None:
        delegate = load_delegate("opencl", json.loads(options))
        _set_run_get(Interpreter(model, delegates=[delegate, "reference"]), given)()

    return {"seconds": turns.seconds(start)}


def runs(model: str, inputs: str, outputs: str) -> dict[str, Any]:
    from ai_edge_litert.interpreter import Interpreter as LiteRT

    given = list(np.load(inputs).values())
    ours = Interpreter(model, delegates=["opencl", "reference"])
    both = {
        "opencl": _set_run_get(ours, given),
        "xnnpack": _set_run_get(LiteRT(model, num_threads=2), given),
    }
    np.savez(outputs, *both["opencl"]())
    medians = turns.medians({name: partial(turns.seconds, run) for name, run in both.items()})
    device = ours.plan.delegates[0].device
    return {
        "device": f"PoCL {'.'.join(map(str, device.pocl))}" if device.pocl else device.name,
        "partitions": len(ours.plan.partitions),
        "left": sorted({op.name for p in ours.plan.partitions if p.label != "opencl" for op in p.ops}),
        **medians,
    }


def _set_run_get(interpreter: Any, inputs: list[np.ndarray]) -> Callable[[], list[np.ndarray]]:
    interpreter.allocate_tensors()
    targets = [d["index"] for d in interpreter.get_input_details()]
    sources = [d["index"] for d in interpreter.get_output_details()]

    def run() -> list[np.ndarray]:
        for index, array in zip(targets, inputs, strict=True):
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in sources]

    return run


if __name__ == "__main__":
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    said = {"first": first, "runs": runs}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(said))
