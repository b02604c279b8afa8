"""Quantize one model to int8 in this process, by delegraph or by ai-edge-quantizer; print what it took.

``python quantize_one.py aeq MODEL SAMPLES.npy OUT``; ours: ``delegraph``, or ``delegraph:average`` for a
method of calibration, ``delegraph::reference`` for an engine other than LiteRT. The last line is JSON:
seconds of the clock and of the processor, and the peak of memory in MiB.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter, process_time

import numpy as np


def by_delegraph(model: str, samples: np.ndarray, how: str) -> bytes:
    from delegraph_optimize import quantize

    method, _, engine = how.partition(":")
    return quantize(model, "int8", data=samples, method=method or None, engine=engine or "litert").content


def by_aeq(model: str, samples: np.ndarray, _: str) -> bytes:
    """As its documentation has it: its recipe for int8, and its own way to calibrate."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import quantizer, recipe

    (key, signature), *_ = Interpreter(model_path=model).get_signature_list().items()
    work = quantizer.Quantizer(model)
    work.load_quantization_recipe(recipe.static_wi8_ai8())
    name = signature["inputs"][0]
    found = work.calibrate({key: [{name: np.asarray(sample)} for sample in samples]})
    return bytes(work.quantize(found).quantized_model)


def main() -> None:
    who, model, samples, out = sys.argv[1:]
    tool, _, how = who.partition(":")
    clock, processor = perf_counter(), process_time()
    content = {"delegraph": by_delegraph, "aeq": by_aeq}[tool](model, np.load(samples, mmap_mode="r"), how)
    took = {"seconds": perf_counter() - clock, "processor": process_time() - processor}
    Path(out).write_bytes(content)
    print(json.dumps({**took, "MiB": peak(), "bytes": len(content)}))


def peak() -> float:
    """Return the most MiB that this process held; ``ru_maxrss`` counts those of its parent, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
