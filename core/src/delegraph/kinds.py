"""What callers give, checked: an error names the argument, what it needs and what was found."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

from .errors import ArgumentTypeError, InputError

T = TypeVar("T")


def check_kind(name: str, value: Any, kind: type | tuple[type, ...], needs: str) -> None:
    """Raise ArgumentTypeError unless a value is of a kind."""
    if not isinstance(value, kind):
        raise ArgumentTypeError(f"{name} needs {needs}, found {value!r:.60}")


def check_path(name: str, value: Any) -> None:
    """Raise unless a value is the name of a file."""
    check_kind(name, value, (str, os.PathLike), "a path")


def check_flags(**flags: Any) -> None:
    """Raise unless each value is a bool, or a number in its place."""
    for name, value in flags.items():
        check_kind(name, value, (bool, np.bool_, int, type(None)), "a bool")


def check_mapping(name: str, value: Any, needs: str) -> None:
    """Raise unless a value is a dictionary or the like."""
    check_kind(name, value, Mapping, needs)


def several(name: str, values: Iterable[T], kind: type | tuple[type, ...], needs: str) -> list[T]:
    """Return the values of a sequence, all of one kind; a text is not taken for its letters."""
    found = [] if isinstance(values, (str, bytes)) else _items(values)
    if found is None or isinstance(values, (str, bytes)):
        raise ArgumentTypeError(f"{name} needs {needs}, found {values!r:.60}")
    for value in found:
        check_kind(name, value, kind, needs)
    return found


def whole(name: str, value: Any, least: int | None = None) -> int:
    """Return an index, a count or a size as an integer; a float or a text is none."""
    needs = "an integer" if least is None else f"an integer of {least} or more"
    try:
        found = operator.index(value)
    except TypeError:
        raise ArgumentTypeError(f"{name} needs {needs}, found {value!r:.60}") from None
    if least is not None and found < least:
        raise InputError(f"{name} needs {needs}, found {found}")
    return found


def sizes(name: str, value: Any) -> tuple[int, ...]:
    """Return the sizes of a shape as integers."""
    found = array_of(name, value, "a sequence of integers", None if _is_empty(value) else np.int64)
    if found.ndim != 1:
        raise InputError(f"{name} needs a sequence of integers, found {found.ndim} dimensions")
    return tuple(found.tolist())


def array_of(name: str, value: Any, needs: str = "an array", dtype: Any = None) -> np.ndarray:
    """Return what numpy makes of a value; whatever it raises becomes an InputError."""
    try:
        return np.asarray(value, dtype)
    except Exception as e:  # a value may raise anything when it is asked for its elements
        kind = ArgumentTypeError if isinstance(e, TypeError) else InputError
        raise kind(f"{name} needs {needs}, found {value!r:.60}: {e}") from e


def _items(values: Any) -> list[Any] | None:
    try:
        return list(values)
    except Exception:  # as above: whoever asks says what is wrong
        return None


def _is_empty(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and not value
