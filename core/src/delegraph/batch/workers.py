"""Files worked on in this process, in several, or on a Ray cluster: what is done is yielded as it is done.

A process that is killed loses nothing: what it had is done again, by another. What kills every process that
has it alone is an error of that file.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from ..errors import InputError
from .job import Item, Job, Result, results_of, worked

TRIES = 2  # of items beside others; then they are tried alone

Chunk = tuple[Item, ...]


def chunks(items: Sequence[Item], size: int) -> list[Chunk]:
    """Return items in groups of a size, in their order."""
    return [tuple(items[i : i + size]) for i in range(0, len(items), size)]


def here(job: Job, items: Sequence[Chunk]) -> Iterator[list[Result]]:
    """Work in this process."""
    if not items:
        return
    with job.opened() as opened:
        for chunk in items:
            yield worked(opened, job, chunk)


def in_processes(job: Job, items: Sequence[Chunk], workers: int) -> Iterator[list[Result]]:
    """Work in so many processes, each with the model opened once; results come in any order."""
    waiting, tries = list(items), dict.fromkeys((c[0].number for c in items), 0)
    suspects: list[Chunk] = []
    while waiting:
        with _pool(workers) as pool:
            left = yield from _until_one_dies(pool, job, waiting, 2 * workers)
        for chunk in left.broken:
            tries[chunk[0].number] += 1
        suspects += [c for c in left.broken if tries[c[0].number] >= TRIES]
        waiting = [c for c in left.broken if tries[c[0].number] < TRIES] + left.waiting
    for chunk in suspects:
        for item in chunk:
            yield [_alone(job, item)]


def on_ray(job: Job, items: Sequence[Chunk], address: str) -> Iterator[list[Result]]:
    """Work on a Ray cluster: as tasks, which Ray runs again where a worker or a machine is lost.

    :param address: of the cluster; ``local`` starts one here, ``auto`` takes the one it is part of
    :raises InputError: Ray is not there
    """
    try:
        import ray
    except ImportError as e:
        raise InputError('--ray needs Ray, which is not installed; pip install "delegraph[ray]"') from e
    began = not ray.is_initialized()
    if began:
        ray.init(address=None if address == "local" else address, log_to_driver=False)
    try:
        work = ray.remote(max_retries=10)(results_of)
        shared = ray.put(job)
        refs = [work.remote(shared, chunk) for chunk in items]
        while refs:
            done, refs = ray.wait(refs, num_returns=1)
            yield from ray.get(done)
    finally:
        if began:
            ray.shutdown()


class _Left:
    """What a pool that broke has not done."""

    def __init__(self, broken: list[Chunk], waiting: list[Chunk]) -> None:
        self.broken = broken  # had been handed to a process
        self.waiting = waiting


def _until_one_dies(
    pool: ProcessPoolExecutor, job: Job, items: Sequence[Chunk], ahead: int
) -> Generator[list[Result], None, _Left]:
    """Yield results until all are there or the pool breaks; return what is left."""
    waiting, running = list(items), dict[Future[list[Result]], Chunk]()
    broken: list[Chunk] = []
    while (waiting and not broken) or running:
        while waiting and not broken and len(running) < ahead:  # few: what breaks is done again
            chunk = waiting.pop(0)
            try:
                running[pool.submit(results_of, job, chunk)] = chunk
            except BrokenProcessPool:
                broken.append(chunk)
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            chunk = running.pop(future)
            try:
                found = future.result()
            except BrokenProcessPool:
                broken.append(chunk)
            else:
                yield found
    return _Left(broken, waiting)


def _alone(job: Job, item: Item) -> Result:
    """Return what becomes of an item in a process that has nothing else to do."""
    with _pool(1) as pool:
        try:
            return pool.submit(results_of, job, (item,)).result()[0]
        except BrokenProcessPool:
            return Result(item.number, item.file, error="the process that ran it was killed, each time")


def _pool(workers: int) -> ProcessPoolExecutor:
    # Not forked: a driver of a GPU that this process has opened does not live through that.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """Leave Ctrl-C to the process that has the command."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
