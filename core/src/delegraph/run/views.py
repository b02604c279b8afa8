"""Numpy views of an interpreter's memory, and whether anybody still holds one.

LiteRT refuses to run while a view lives, since running may move what it points to; programs rely on it.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ..errors import StateError


class Views:
    """The views handed out by one interpreter."""

    def __init__(self) -> None:
        # References alone: what runs when a view goes would swallow a Ctrl-C that comes just then.
        self._owners: list[weakref.ref[_Owner]] = []

    def of(self, array: np.ndarray) -> np.ndarray:
        """Return a view of ``array``; slices of the view count as the view."""
        if array.dtype.hasobject:  # numpy makes no tracked views of Python objects
            return np.array(array)
        owner = _Owner(array)
        self._owners = [*self._live(), weakref.ref(owner)]
        return np.asarray(owner)

    def ensure_none(self) -> None:
        """Raise :class:`StateError` if a view, or a slice of one, is still referred to."""
        if self._owners and (live := self._live()):
            raise StateError(
                f"{len(live)} array(s) from tensor() still refer to memory of the interpreter; hold "
                "the function that tensor() returns and call it anew each time, not the array"
            )

    def _live(self) -> list[weakref.ref[_Owner]]:
        return [owner for owner in self._owners if owner() is not None]


class _Owner:
    """What numpy takes as the owner of a view: it lives as long as any array that uses the memory."""

    __slots__ = ("__array_interface__", "__weakref__", "_array")

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.__array_interface__: dict[str, Any] = array.__array_interface__
