"""Calls of what plugins bring: whatever goes wrong there becomes an error of ours, or a text.

Plugins raise more than ``Exception``: ``SystemExit``, the panics of Rust extensions. A Ctrl-C is not theirs
and passes.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from ..errors import PluginError

T = TypeVar("T")
PASSING = (KeyboardInterrupt, GeneratorExit)  # whoever raises these, it is not the plugin's doing
MOST = 100_000  # things that one answer may hold: a list without end is an answer, too


_LONGEST = 1500  # characters that are kept of what was raised


class Unfit(Exception):
    """An answer is not what was asked for; its text says what was needed, and what was found."""


def said(e: BaseException, where: str = "") -> str:
    """Return what a plugin raised, as text: ``"ValueError: no such axis"``. A Ctrl-C is raised again.

    :param where: stands behind the name of the error: ``" in the check itself"``.
    """
    if isinstance(e, PASSING):
        raise e
    try:
        text = str.__str__(str(e))  # one of no subclass, which may do anything
    except PASSING:
        raise
    except BaseException:
        text = "(what it says cannot be had)"
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    return f"{type(e).__name__}{where}: {text}"


def call(place: Callable[[], str], read: Callable[[Any], T], function: Callable[[], Any]) -> T:
    """Return the answer of a plugin's function, as ``read`` makes it.

    :param place: says what is called, and whose it is: ``"hint() of delegate 'npu'"``.
    :param read: raises :class:`Unfit` for an answer that cannot be used.
    :raises PluginError: the function raised, or its answer cannot be used.
    """
    begin(place)
    try:
        return read(function())
    except Unfit as e:
        raise PluginError(f"{place()} needs to return {e}") from None
    except BaseException as e:
        raise PluginError(f"{place()} failed: {said(e)}") from e


def begin(place: Callable[[], str]) -> None:
    """Tell who wants to know (:func:`told`) what of a plugin runs from here on."""
    for listen in _listeners:
        listen(place())


@contextmanager
def told(listen: Callable[[str], object]) -> Iterator[None]:
    """Let a function hear of each call of a plugin before it is made: some end the process."""
    _listeners.append(listen)
    try:
        yield
    finally:
        _listeners.remove(listen)


_listeners: list[Callable[[str], object]] = []


def shown(value: Any) -> str:
    """Return a value as a message shows it: in one short line, whatever its ``repr`` does."""
    try:
        return f"{value!r:.60}"
    except BaseException as e:
        said(e)
        return f"an object of {type(value).__name__}"


# Readers of answers.


def anything(answer: Any) -> Any:
    return answer


def text(answer: Any) -> str:
    if isinstance(answer, str):
        return answer
    raise Unfit(f"a text, found {shown(answer)}")


def text_or_none(answer: Any) -> str | None:
    if answer is None or isinstance(answer, str):
        return answer
    raise Unfit(f"a text or None, found {shown(answer)}")


def count(answer: Any) -> int:
    found = -1 if isinstance(answer, bool) or not hasattr(answer, "__index__") else operator.index(answer)
    if found < 0:
        raise Unfit(f"a number of 0 or more, found {shown(answer)}")
    return found


def count_or_none(answer: Any) -> int | None:
    return None if answer is None else count(answer)


def seconds_or_none(answer: Any) -> float | None:
    if answer is None:
        return None
    try:
        found = math.nan if isinstance(answer, (bool, str)) else float(answer)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not 0 <= found < math.inf:
        raise Unfit(f"seconds, finite and not below 0, or None, found {shown(answer)}")
    return found


def listed(answer: Any) -> list[Any]:
    """Read any iterable; None is an empty one."""
    if answer is None:
        return []
    if isinstance(answer, (str, bytes)) or not isinstance(answer, Iterable):
        raise Unfit(f"a list, found {shown(answer)}")
    found = list(islice(answer, MOST + 1))
    if len(found) > MOST:
        raise Unfit(f"{MOST:,} things at most, found more")
    return found


def texts(answer: Any) -> list[str]:
    return [text(line) for line in listed(answer)]


def byte_counts(answer: Any) -> dict[str, int]:
    if not isinstance(answer, Mapping):
        raise Unfit(f"a dictionary of bytes by what they are for, found {shown(answer)}")
    return {text(use): count(held) for use, held in answer.items()}
