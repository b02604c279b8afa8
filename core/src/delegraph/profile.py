"""What happened inside a run, and how long it took: one small interface for every delegate.

A delegate that can tell its ops apart records an event per op (or per kernel, upload, read-back) while
somebody listens, and costs nothing else when nobody does::

    events = profile.listener()
    ...
    if events is not None:
        events.append(profile.Event(op.name, seconds, op=op.index))
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .values import frozen

__all__ = ["Event", "listen", "listener"]


@frozen
class Event:
    """Something that took time during a run."""

    name: str  # the op's name, or what else was done: "upload", "read back"
    seconds: float
    op: int | None = None  # its index in the subgraph, if it is an op
    subgraph: int = 0
    delegate: str = ""  # the label of the delegate; filled in by core where left empty
    detail: str = ""  # free text: the kernel
    nbytes: int | None = None  # read and written, or brought to or from a device; None if not known
    flops: int | None = None  # floating-point operations


_listener: ContextVar[list[Event] | None] = ContextVar("delegraph_profile", default=None)


def listener() -> list[Event] | None:
    """Return the list to append events to, or None when nobody listens (the ordinary case)."""
    return _listener.get()


@contextmanager
def listen() -> Iterator[list[Event]]:
    """Collect the events of the runs inside this block, in this thread."""
    events: list[Event] = []
    token = _listener.set(events)
    try:
        yield events
    finally:
        _listener.reset(token)
