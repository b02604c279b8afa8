"""An interpreter with delegates by their names: they are loaded with their options, and closed with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from ..model import Model
from ..plugins import resolve_delegates
from .interpreter import Interpreter

Options = Mapping[str, Mapping[str, str]]  # by label of the delegate


@contextmanager
def interpreter(
    model: Model,
    delegates: Sequence[str],
    options: Options,
    num_threads: int | None = None,
    **settings: Any,
) -> Iterator[Interpreter]:
    """Give an interpreter with delegates named on the command line; on leaving, close them all.

    :param settings: further parameters of :class:`Interpreter`.
    """
    with ExitStack() as stack:
        loaded = resolve_delegates(delegates, options, must_run=True, num_threads=num_threads)
        for delegate in loaded:
            stack.enter_context(delegate)
        opened = stack.enter_context(Interpreter(model=model, delegates=loaded, **settings))
        if not delegates:
            opened.tell_of_slow_runs()
        yield opened
