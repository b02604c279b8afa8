"""The threads that a model runs on: the delegate's own, over blocks of rows, with one of BLAS in each.

BLAS would wait for all its threads after each small product, which takes milliseconds where other programs
use the processor, too. Blocks that need nothing of one another do not wait. Results do not depend on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")


@contextmanager
def on_threads(count: int | None) -> Iterator[None]:
    """Let ``each`` use ``count`` threads inside the block, and BLAS one in each of them.

    None is 1, as in LiteRT. The setting of BLAS belongs to the process: other threads meet it, too.
    """
    token = _count.set(count or 1)
    _blas.limit()
    try:
        yield
    finally:
        _blas.release()
        _count.reset(token)


def thread_count() -> int:
    """Return how many threads ``each`` uses here."""
    return _count.get()


def each(work: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Call ``work`` on every item, on as many threads as are available; items must not need one another."""
    count = min(thread_count(), len(items))
    if count < 2:
        for item in items:
            work(item)
        return
    pending = iter(items)

    def drain() -> None:
        with np.errstate(all="ignore"):  # the caller's setting does not reach other threads
            for item in _taken(pending):
                work(item)

    others: list[Future[None]] = [_pool(count - 1, os.getpid()).submit(drain) for _ in range(count - 1)]
    try:
        drain()
    finally:
        for other in others:
            other.result()


class _Blas:
    """Holds BLAS to one thread while anybody wants that."""

    def __init__(self) -> None:
        self._lock, self._users = Lock(), 0
        self._before: list[tuple[Any, int]] = []  # libraries that had another number

    def limit(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                found = [(library, library.get_num_threads()) for library in _libraries()]
                self._before = [(library, count) for library, count in found if count != 1]
                for library, _ in self._before:
                    library.set_num_threads(1)

    def release(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                for library, count in self._before:
                    library.set_num_threads(count)


@cache
def _libraries() -> list[Any]:
    """Finding the loaded libraries takes milliseconds, setting a number of theirs microseconds."""
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


def _taken(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items that no other thread takes."""
    while True:
        with _taking:
            try:
                item = next(items)
            except StopIteration:
                return
        yield item


@cache
def _pool(workers: int, process: int) -> ThreadPoolExecutor:
    """A pool does not survive a fork: the child makes its own."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(workers, thread_name_prefix="delegraph-reference")


_count: ContextVar[int] = ContextVar("delegraph_reference_threads", default=1)
_taking = Lock()
_blas = _Blas()
