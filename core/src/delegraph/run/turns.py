"""One call at a time: who comes while another is at it is told so, and waits for nothing."""

from __future__ import annotations

import threading
import weakref


class Turn:
    """Stands for a call: its turn ends at the latest when the call is gone."""

    __slots__ = ("__weakref__", "ref")

    def __init__(self) -> None:
        self.ref = weakref.ref(self)


class Turns:
    """Gives out turns.

    A call takes its turn within the ``try`` whose ``finally`` ends it by statements that call nothing
    (``if turns.taken is turn.ref: turns.taken = None``): a Ctrl-C comes out of calls alone, so that none
    finds a place where it leaves a turn behind. What a debugger raises there is held by its traceback only.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken: weakref.ref[Turn] | None = None

    def take(self, turn: Turn) -> bool:
        """Give a call its turn; return False if another has it."""
        with self._lock:
            if self.taken is None or self.taken() is None:
                self.taken = turn.ref
            return self.taken is turn.ref
