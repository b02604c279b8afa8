"""The threads that a model runs on: the delegate's own, over blocks of rows, with one of BLAS in each.

BLAS would wait for all its threads after each small product, which takes milliseconds where other programs
use the processor, too. Blocks that need nothing of one another do not wait. Results do not depend on it.

They do share Python's lock, which numpy lets go of and takes back in each call: a call that takes 3 to 10
microseconds alone took 5 to 20 more of the processor beside another thread that did the same. So blocks are
large, for few calls, and an op that is one block stays on one thread.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import cache
from threading import Lock, RLock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .blas import libraries

if TYPE_CHECKING:
    from queue import SimpleQueue

Item = TypeVar("Item")


def on_threads(count: int | None) -> AbstractContextManager[None]:
    """Let ``each`` use ``count`` threads inside the block, and BLAS one in each of them.

    None is 1, as in LiteRT. The setting of BLAS belongs to the process: other threads meet it, too.
    """
    return _OnThreads(count or 1)


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
    shared = _Shared(work, items, count - 1)
    try:
        helpers = _helpers(count - 1, os.getpid())
        for busy in shared.busy:
            helpers.put((shared, busy))
        shared.work()
    finally:
        shared.end()


class _Shared:
    """Items that several threads work on."""

    def __init__(self, work: Callable[[Any], None], items: Sequence[Any], helpers: int) -> None:
        self._work, self._pending = work, iter(items)
        self._taking = Lock()
        self.busy = [Lock() for _ in range(helpers)]  # each held while its helper works
        self._failure: Exception | None = None

    def help(self, busy: Lock) -> None:
        """Work on items until none is left, in another thread."""
        with busy:
            try:
                self.work()
            except Exception as e:
                self._failure = e

    def work(self) -> None:
        """Work on items until none is left."""
        with np.errstate(all="ignore"):  # the caller's setting does not reach other threads
            while (item := self._next()) is not _END:
                self._work(item)

    def end(self) -> None:
        """Let no helper take another item, and return when none is at one: they write to arrays in use.

        :raises Exception: what a helper raised
        """
        try:
            self._wait()
        except KeyboardInterrupt:
            self._wait()
            raise
        if self._failure is not None:
            raise self._failure

    def _wait(self) -> None:
        self._pending = iter(())
        for busy in self.busy:
            with busy:
                pass

    def _next(self) -> Any:
        with self._taking:
            return next(self._pending, _END)


class _Blas:
    """Holds BLAS to one thread while anybody wants that."""

    def __init__(self) -> None:
        # A block in a generator is closed where the collector finds it: maybe inside of these methods.
        self._lock = RLock()
        self._users: list[weakref.ref[_User]] = []  # one that a Ctrl-C keeps from releasing goes anyway
        self._before: list[tuple[Any, int]] = []  # libraries that had another number

    def limit(self, user: _User) -> None:
        with self._lock:
            self._users = [*self._living(), weakref.ref(user)]
            if not self._before:
                found = [(library, library.get_num_threads()) for library in libraries()]
                self._before = [(library, count) for library, count in found if count != 1]
                for library, _ in self._before:
                    library.set_num_threads(1)

    def release(self, user: _User) -> None:
        with self._lock:
            self._users = [one for one in self._living() if one() is not user]
            if not self._living():
                for library, count in self._before:
                    library.set_num_threads(count)
                self._before = []

    def _living(self) -> list[weakref.ref[_User]]:
        return [one for one in self._users if one() is not None]


class _OnThreads(AbstractContextManager[None]):
    """The end may be called again, and without a beginning: where a Ctrl-C cut one of them short."""

    __slots__ = ("_inside", "_outside", "_user")

    def __init__(self, count: int) -> None:
        self._inside, self._outside, self._user = count, _count.get(), _User()

    def __enter__(self) -> None:
        _count.set(self._inside)
        _blas.limit(self._user)

    def __exit__(self, *exc: object) -> None:
        _blas.release(self._user)
        _count.set(self._outside)


class _User:
    """Somebody who wants BLAS on one thread."""


@cache
def _helpers(count: int, process: int) -> SimpleQueue[tuple[_Shared, Lock]]:
    """Return where threads wait for something to help with; a fork leaves them behind: it makes its own.

    A pool of futures takes longer for each call than many a block of an image does.
    """
    from queue import SimpleQueue

    calls: SimpleQueue[tuple[_Shared, Lock]] = SimpleQueue()
    for n in range(count):
        Thread(target=_help, args=(calls,), name=f"delegraph-reference_{n}", daemon=True).start()
    return calls


def _help(calls: SimpleQueue[tuple[_Shared, Lock]]) -> None:
    while True:
        shared, busy = calls.get()
        shared.help(busy)
        del shared, busy  # the arrays of one run do not wait for the next


_count: ContextVar[int] = ContextVar("delegraph_reference_threads", default=1)
_END = object()  # no item is left
_blas = _Blas()
