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

    __slots__ = ("end", "turns")

    end: Callable[[], object]  # nothing that Python interprets
    turns: int  # how often work has begun

    def begin(self, finish: Callable[[], object]) -> int:
        """Take note of work that ``finish`` waits for; return its turn."""
        self.end, self.turns = finish, self.turns + 1
        return self.turns

    def over(self, turn: int) -> None:
        """Take note that the work of a turn, and so that of those before it, is done."""
        if turn == self.turns:
            self.end = _nothing


def guard(owner: object) -> Guard:
    """Return the guard of an object."""
    found = Guard(owner, methodcaller("end"))
    found.end, found.turns = _nothing, 0
    _guards[:] = [one for one in _guards if one() is not None]
    _guards.append(found)
    return found


class InFlight:
    """The commands of one run.

    :param owner: the ops they are for, for messages.
    :param guard: of the memory that they work on.
    :param before: the run before, in the same in-order queue, which need not be over.
    """

    def __init__(self, owner: str, guard: Guard, before: InFlight | None = None) -> None:
        self._owner, self._guard = owner, guard
        self._before = before if before is not None and before.runs else None
        self._commands: Sequence[Any] = ()  # ``str`` of one says what it does
        self._failure: DelegateFailed | None = None
        self._turn, self._finish = 0, _nothing
        self.events: list[Any] = []  # one for each command that the device has
        self.held: Sequence[Any] = ()  # arrays of the host that the device reads where they are
        self.runs: int = 0  # that the device may be at work on: this one, and those before it

    @property
    def is_broken_off(self) -> bool:
        """Whether the device may have one command more than is known."""
        return len(self.events) != len(self._commands)

    def start(self, kernels: Sequence[Any], queue: Any) -> None:
        """Give the device kernels to run, in order.

        :raises DelegateFailed: it refuses one; the message names op and kernel.
        """
        enqueue = cl.enqueue_nd_range_kernel
        self._commands, self._finish = kernels, queue.finish
        self.runs = (1 if kernels else 0) + (self._before.runs if self._before is not None else 0)
        self._turn = self._guard.begin(queue.finish)
        try:
            for one in kernels:
                launch = one.launch
                self.events.append(enqueue(queue, one.kernel, launch.global_size, launch.local_size))
        except cl.Error as e:
            raise failure(str(kernels[len(self.events)]), e) from e

    def wait(self) -> None:
        """Return when all is done.

        :raises DelegateFailed: something failed, in a run before it, too; the message names op and kernel.
        """
        if self.runs:
            self._failure = self._settled()
            self._done()
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        """Return when nothing is at work any more, whatever came of it."""
        with suppress(DelegateFailed, cl.Error):
            if self.is_broken_off:
                self._finish()
            else:
                self.wait()
        self._done()

    def _settled(self) -> DelegateFailed | None:
        """Wait, and return what failed."""
        try:
            if self._before is not None:
                self._before.wait()
            if self.events:
                self.events[-1].wait()
        except cl.Error as e:
            commands = zip(map(str, self._commands), self.events, strict=False)
            found = failure(failed_command(commands) or self._owner, e)
            found.__cause__ = e
            return found
        except DelegateFailed as e:
            return e
        return None

    def _done(self) -> None:
        self._before, self.held, self.runs = None, (), 0
        self._guard.over(self._turn)


_nothing: Callable[[], object] = int  # compiled, and does nothing
_guards: list[Guard] = []  # alive until what they guard is gone
