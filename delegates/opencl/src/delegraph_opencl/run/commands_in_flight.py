"""Commands that a device was given: it may be at work on them while the host goes on."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import methodcaller
from typing import Any

import pyopencl as cl
from delegraph import DelegateFailed

from ..device.status import failed_command, failure


class Guard(weakref.ref[Any]):
    """Waits for what the device does on the memory of an object, when that goes.

    All of it is compiled code: a Ctrl-C that comes just then would be swallowed by a ``__del__`` in Python,
    and the memory given back while the device works on it.
    """

    __slots__ = ("end",)

    end: Callable[[], object]  # nothing that Python interprets


def guard(owner: object) -> Guard:
    """Return the guard of an object."""
    found = Guard(owner, methodcaller("end"))
    found.end = _nothing
    _guards[:] = [one for one in _guards if one() is not None]
    _guards.append(found)
    return found


class InFlight:
    """The commands of one run.

    :param owner: the ops they are for, for messages.
    :param guard: of the memory that they work on.
    """

    def __init__(self, owner: str, guard: Guard) -> None:
        self._owner, self._guard = owner, guard
        self._commands: Sequence[Any] = ()  # ``str`` of one says what it does
        self.events: list[Any] = []  # one for each command that the device has
        self._is_done = True
        self._finish: Callable[[], object] = _nothing

    def start(self, kernels: Sequence[Any], queue: Any) -> None:
        """Give the device kernels to run, in order.

        :raises DelegateFailed: it refuses one; the message names op and kernel.
        """
        enqueue = cl.enqueue_nd_range_kernel
        self._commands, self._is_done = kernels, not kernels
        self._guard.end = self._finish = queue.finish
        try:
            for one in kernels:
                launch = one.launch
                self.events.append(enqueue(queue, one.kernel, launch.global_size, launch.local_size))
        except cl.Error as e:
            raise failure(str(kernels[len(self.events)]), e) from e

    def wait(self) -> None:
        """Return when all is done.

        :raises DelegateFailed: something failed; the message names op and kernel.
        """
        if self._is_done:
            return
        try:
            self.events[-1].wait()
        except cl.Error as e:
            commands = zip(map(str, self._commands), self.events, strict=False)
            raise failure(failed_command(commands) or self._owner, e) from e
        self._done()

    def end(self) -> None:
        """Return when nothing is at work any more, whatever came of it."""
        if self._is_done:
            return
        with suppress(DelegateFailed, cl.Error):
            if len(self.events) == len(self._commands):
                self.wait()
            else:  # broken off: the device may have one more
                self._finish()
        self._done()

    def _done(self) -> None:
        self._is_done, self._guard.end = True, _nothing


_nothing: Callable[[], object] = int  # compiled, and does nothing
_guards: list[Guard] = []  # alive until what they guard is gone
