"""Python's garbage collector waits while a program makes what stays: modules, a model, a plan, kernels.

Left alone, it looks at all of that two times while it grows and finds nothing, which takes 6 ms of a first
result on the reference delegate, and 17 on OpenCL. Here it looks seldom, and what is there at the end
counts as old, as if it had been looked at. That is done for imports, and once for each step of a program's
start: a program that makes interpreters in a loop has its collector as it was.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, TypeVar, cast

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_SELDOM = 50_000  # objects more than there were; a first run of a hundred ops leaves 17,000
_one_at_a_time = Lock()


def at_first(function: F) -> F:
    """Let the collector wait while a function is called for the first time."""
    was_called = False

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal was_called
        if was_called:
            return function(*args, **kwargs)
        was_called = True
        return patiently(function, *args, **kwargs)

    return cast(F, call)


def patiently(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call a function while the collector waits, if it works as Python has it."""
    if not gc.isenabled() or gc.get_freeze_count() or not _one_at_a_time.acquire(blocking=False):
        return function(*args, **kwargs)
    try:
        often = gc.get_threshold()
        gc.set_threshold(_SELDOM if 0 < often[0] < _SELDOM else often[0], *often[1:])
        try:
            return function(*args, **kwargs)
        finally:
            gc.set_threshold(*often)
            gc.freeze()
            gc.unfreeze()  # all is in the oldest generation now
    finally:
        _one_at_a_time.release()
