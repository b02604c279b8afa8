"""How long quantized models take beside the float model on a delegate: medians of runs in turn.

Times are the processor's, of all threads: those of the clock say on a busy machine how long others ran.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import process_time

from delegraph import Interpreter, load_delegate
from runs import Sample

ROUNDS = 30
OPTIONS = {"litert": {"num_threads": 1}, "reference": {"num_threads": 1}}
LONG = 0.1  # seconds: of what takes longer, a third of the rounds


def ratios(floats: Path, made: Mapping[str, Path], delegate: str, sample: Sample) -> dict[str, float]:
    """Return milliseconds of the float model as "float", and how many times as long each other takes."""
    with ExitStack() as stack:
        loaded = stack.enter_context(load_delegate(delegate, OPTIONS.get(delegate)))
        runs: dict[str, Callable[[], float]] = {}
        for key, path in {"float": floats, **made}.items():
            interpreter = stack.enter_context(Interpreter(str(path), delegates=[loaded]))
            runs[key] = _run(interpreter, sample)
        slow = runs["float"]() > LONG
        found: dict[str, list[float]] = {key: [] for key in runs}
        for _ in range(ROUNDS // 3 if slow else ROUNDS):
            for key, run in runs.items():
                found[key].append(run())
    medians = {key: median(some) for key, some in found.items()}
    first = medians.pop("float")
    return {"float": round(1000 * first, 3), **{k: round(s / first, 3) for k, s in medians.items()}}


def _run(interpreter: Interpreter, sample: Sample) -> Callable[[], float]:
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), sample, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()

    def run() -> float:
        start = process_time()
        interpreter.invoke()
        return process_time() - start

    return run
