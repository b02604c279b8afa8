"""One call at a time: who comes while another is at it is told so, and waits for nothing."""

from __future__ import annotations

import threading
import weakref


class Turn:
    """Stands for a call: its turn ends at the latest when the call is gone."""

    __slots__ = ("__weakref__",)


class Turns:
    """Gives out turns.

    A lock that a call takes and gives back would stay taken where a Ctrl-C comes between taking it and the
    ``try`` that gives it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: weakref.ref[Turn] | None = None

    def take(self, turn: Turn) -> bool:
        """Give a call its turn; return False if another has it."""
        with self._lock:
            if self._taken is not None and self._taken() is not None:
                return False
            self._taken = weakref.ref(turn)
            return True

    def end(self) -> None:
        """End the turn of the call that has it."""
        self._taken = None
