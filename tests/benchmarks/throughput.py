"""Images per second over a folder of ``.npy`` files, in a process of its own.

``python throughput.py WHO HOW MODEL FOLDER WORKERS``: WHO is ``litert`` or ``delegraph NAME``. HOW is
``threads`` or ``processes``, each worker with an interpreter of one thread and a share of the files;
``inside``, one interpreter with a thread for each worker; ``batch``, the same with eight images in a run.
It prints images per second, and the processors' milliseconds for an image: these are about the same where
other programs are at work, too.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

BATCH = 8
Times = tuple[float, float, float]  # when a worker began, had done its share; its process's seconds


def work(
    who: str, model: str, files: Sequence[str], threads: int, batch: int, wait: Callable[[], Any]
) -> Times:
    """Run a share of the files, once everybody has the model open and one run behind."""
    interpreter = opened(who, model, threads, batch)
    run(interpreter, files[:batch])
    wait()
    begin, used = perf_counter(), process_time()
    for first in range(0, len(files), batch):
        run(interpreter, files[first : first + batch])
    return begin, perf_counter(), process_time() - used


def opened(who: str, model: str, threads: int, batch: int) -> Any:
    if who == "litert":
        from ai_edge_litert.interpreter import Interpreter

        interpreter: Any = Interpreter(model, num_threads=threads)
    else:
        import delegraph

        interpreter = delegraph.Interpreter(model, delegates=[_delegate(who)], num_threads=threads)
    if batch > 1:
        (details,) = interpreter.get_input_details()
        interpreter.resize_tensor_input(details["index"], [batch, *details["shape"][1:]])
    interpreter.allocate_tensors()
    return interpreter


def _delegate(who: str) -> str:
    return who.removeprefix("delegraph ")


def run(interpreter: Any, files: Sequence[str]) -> Any:
    images = np.concatenate([np.load(file) for file in files])
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], images)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def in_threads(who: str, model: str, shares: Sequence[Sequence[str]]) -> list[Times]:
    found: list[Times] = []
    barrier = threading.Barrier(len(shares))
    workers = [
        threading.Thread(target=lambda s=share: found.append(work(who, model, s, 1, 1, barrier.wait)))
        for share in shares
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


def in_processes(who: str, model: str, shares: Sequence[Sequence[str]]) -> list[Times]:
    context = multiprocessing.get_context("spawn")
    barrier, found = context.Barrier(len(shares)), context.SimpleQueue()
    workers = [context.Process(target=_told, args=(found, who, model, s, barrier)) for s in shares]
    for worker in workers:
        worker.start()
    return [found.get() for _ in workers]


def _told(found: Any, who: str, model: str, files: Sequence[str], barrier: Any) -> None:
    found.put(work(who, model, files, 1, 1, barrier.wait))


def main(who: str, how: str, model: str, folder: str, workers: str) -> None:
    count = int(workers)
    files = sorted(map(str, Path(folder).glob("*.npy")))
    if how in ("inside", "batch"):
        times = [work(who, model, files, count, BATCH if how == "batch" else 1, lambda: None)]
    else:
        runner = in_threads if how == "threads" else in_processes
        times = runner(who, model, [files[n::count] for n in range(count)])
    begins, ends, used = zip(*times, strict=True)
    seconds = sum(used) if how == "processes" else max(used)  # threads are of one process
    print(len(files) / (max(ends) - min(begins)), 1e3 * seconds / len(files))


if __name__ == "__main__":
    main(*sys.argv[1:])
