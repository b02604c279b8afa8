"""Frozen value classes: those of attrs, which share one ``__eq__``, ``__hash__`` and ``__repr__``.

attrs compiles these three for each class where it is defined. That takes longer than all the rest of the
definition, and a first run defines a hundred classes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from operator import attrgetter, eq
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from attrs import frozen as frozen
else:

    def frozen(cls: type | None = None, **how: Any) -> Any:
        """Do what ``attrs.frozen`` does, in half the time: where a package defines many classes.

        The class is one of attrs for all that look at it, type checkers included.
        """
        if cls is None:
            return partial(frozen, **how)
        of_all = {"__repr__": _repr}
        if how.get("eq", True):
            of_all |= {"__eq__": _equal, "__hash__": None if how.get("hash") is False else _hash}
        for name, method in of_all.items():
            if name not in vars(cls):  # attrs leaves alone what a class has
                setattr(cls, name, method)
        return attrs.frozen(cls, **how)


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    compared = _compared(self.__class__)
    return all(map(eq, compared(self), compared(other)))


def _hash(self: Any) -> int:
    return hash((self.__class__, _hashed(self.__class__)(self)))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={show(getattr(self, name))}" for name, show in _shown(self.__class__))
    return f"{self.__class__.__qualname__.rsplit('>.', 1)[-1]}({shown})"


@cache
def _compared(cls: type) -> Callable[[Any], tuple[Any, ...]]:
    fields = [a for a in attrs.fields(cls) if a.eq]
    if not any(a.eq_key for a in fields):
        return _reading([a.name for a in fields])
    return lambda value: tuple((a.eq_key or _itself)(getattr(value, a.name)) for a in fields)


@cache
def _hashed(cls: type) -> Callable[[Any], tuple[Any, ...]]:
    return _reading([a.name for a in attrs.fields(cls) if (a.eq if a.hash is None else a.hash)])


@cache
def _shown(cls: type) -> list[tuple[str, Callable[[Any], str]]]:
    return [(a.name, a.repr if callable(a.repr) else repr) for a in attrs.fields(cls) if a.repr]


def _itself(value: Any) -> Any:
    return value


def _reading(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)
