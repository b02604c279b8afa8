"""Commands that a device was given: it may be at work on them while the host goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyopencl as cl
from delegraph import DelegateFailed

from ..device.status import failed_command, failure


class InFlight:
    """The commands of one run.

    :param owner: the ops they are for, for messages.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._commands: Sequence[Any] = ()  # ``str`` of one says what it does
        self.events: list[Any] = []  # one for each command that the device has
        self._is_done = True

    def start(self, kernels: Sequence[Any], queue: Any) -> None:
        """Give the device kernels to run, in order.

        :raises DelegateFailed: it refuses one; the message names op and kernel.
        """
        enqueue = cl.enqueue_nd_range_kernel
        self._commands, self._is_done = kernels, not kernels
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
        self._is_done = True

    def end(self) -> None:
        """Return when nothing is at work any more, whatever came of it."""
        if self.events and not self._is_done:
            try:
                self.wait()
            except DelegateFailed:
                self._is_done = True
