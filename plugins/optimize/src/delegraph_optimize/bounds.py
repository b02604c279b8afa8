"""What a model may ask for while it is looked at, as :class:`delegraph.Budget` has it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from delegraph import Budget, Model, budget_options, read_model

_LIMITS: ContextVar[Mapping[str, int]] = ContextVar("limits", default={})  # noqa: B039 - never changed


@contextmanager
def bounded(**limits: int) -> Iterator[None]:
    """Let models that are read, planned or run inside ask for no more than this.

    :param limits: ``max_tensor_bytes``, ``max_total_bytes``, ``max_while_iterations``, as of
        :class:`delegraph.Budget`; what is left out is as generous as there.
    :raises InputError: a limit is none of these, or no number above 0
    """
    Budget(**limits)
    token = _LIMITS.set(limits)
    try:
        yield
    finally:
        _LIMITS.reset(token)


def limits() -> dict[str, Any]:
    """Return the limits that were given, as an interpreter takes them."""
    return dict(_LIMITS.get())


def budget() -> Budget:
    return Budget(**_LIMITS.get())


def model_of(given: Model | str | os.PathLike[str]) -> Model:
    """Return a model that was given, or the one of a file."""
    if isinstance(given, Model):
        return given
    return read_model(given, max_tensor_bytes=budget().max_tensor_bytes)


def bounded_command(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --max-tensor-bytes and its like, which hold for all that it does."""

    @budget_options
    @wraps(command)
    def run(*, budget: dict[str, int], **arguments: Any) -> None:
        with bounded(**budget):
            command(**arguments)

    return run
