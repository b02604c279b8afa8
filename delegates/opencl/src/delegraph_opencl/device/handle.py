"""A device as one delegate uses it: what its partitions and its values need to know of the delegate."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from delegraph import Delegate, define

from .buffers import ByteCounts
from .device import Device


@define(eq=False, slots=False)
class Handle:
    """One per delegate object; what it makes is for that delegate alone."""

    device: Device
    delegate: Delegate
    counts: ByteCounts

    @cached_property
    def queue(self) -> Any:
        """The in-order queue of all its partitions: they hand over without waiting."""
        return self.device.queue()

    @cached_property
    def caller_queue(self) -> Any:
        """The queue whose commands are done when they have been given."""
        return self.device.queue(in_caller=True)

    @cached_property
    def profiling_queue(self) -> Any:
        """The queue that is used while somebody listens to the profile."""
        return self.device.queue(profiling=True)
