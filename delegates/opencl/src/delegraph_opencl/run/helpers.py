"""Cores that help the thread that asks: PoCL's workers take time to wake, and here nobody waits for them.

A helper is a kernel on a core of its own. It has part in the runs that it finds begun, and waits for the
next one for a while, awake; then it goes, and a later run sends for it again. The thread that asks begins
at once, does what no helper has taken, and is done when all is: of helpers that come late it knows nothing.
One that had to wait long for a helper, whose core other programs need, goes without for some runs.

What a helper may touch while no run is under way is its control block alone, and each run says anew where
the buffers are. So the block has to be there until the helper has gone: a guard waits for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pyopencl as cl

from ..device.buffers import ALIGNMENT
from ..device.device import Device
from .commands_in_flight import Guard
from .single_launch import ALONE, LEFT, SingleLaunch


class Helpers:
    """Those of a single launch.

    :param kernels: one for each helper
    :param control: the block, at the beginning of a line of the cache
    """

    def __init__(
        self, device: Device, kernels: Sequence[Any], single: SingleLaunch, control: np.ndarray
    ) -> None:
        self._device, self._kernels, self._control = device, kernels, control
        self._sent = 0
        self._events = [device.nothing()]  # there has to be one to wait for
        for i, kernel in enumerate(kernels):
            given = np.int32(single.calls), np.uint64(control.ctypes.data), np.int32(1 + i)
            kernel.set_args(None, None, *given, *[None] * len(single.buffers))

    def watch(self, guard: Guard) -> None:
        """Have a guard wait for them."""
        guard.begin(partial(_wait_for, self._events))

    def send(self) -> None:
        """Send for them if they have gone and are wanted; return at once."""
        if self._control[LEFT] != self._sent or self._control[ALONE]:
            return
        queues = self._device.queues_elsewhere()[: len(self._kernels)]
        for kernel, queue in zip(self._kernels, queues, strict=False):
            self._sent += 1  # first: two with one number would have the same memory for themselves
            self._events.append(cl.enqueue_nd_range_kernel(queue, kernel, (1,), (1,)))
            queue.flush()
        del self._events[: -len(self._kernels)]

    def wait(self) -> None:
        """Return when all have gone."""
        _wait_for(self._events)


def aligned(array: np.ndarray) -> np.ndarray:
    """Return a copy that begins with a line of the cache."""
    memory = np.empty(array.nbytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    found = memory[start : start + array.nbytes].view(array.dtype)
    found[:] = array
    return found


_wait_for = cl.wait_for_events
