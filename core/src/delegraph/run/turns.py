"""One call at a time: who comes while another is at it is told so, and waits for nothing."""

from __future__ import annotations

import threading
import weakref


class Turn:
    """Stands for a call: its turn ends at the latest when the call is gone."""

    __slots__ = ("__weakref__",)


class Turns:
    """Gives out turns.

    A call takes its turn within the ``try`` whose ``finally`` ends it by statements that call nothing::

        turn = Turn()
        mine = weakref.ref(turn)
        try:
            if turns.taken.setdefault(0, mine) is not mine and not turns.take_over(mine):
                raise ...
        finally:
            try:
                if turns.taken[0] is mine:
                    del turns.taken[0]
            except KeyError:
                pass

    A Ctrl-C comes out of calls alone, so that none finds a place where it leaves a turn behind. What a
    debugger raises there is held by its traceback only.
    """

    __slots__ = ("_lock", "taken")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # At 0 whose turn it is. ``setdefault`` finds and sets it in one, for half of what a lock takes.
        self.taken: dict[int, weakref.ref[Turn]] = {}

    def take_over(self, mine: weakref.ref[Turn]) -> bool:
        """Take a turn that the dictionary did not give, if its call is gone; return whether that was so."""
        with self._lock:
            holder = self.taken.setdefault(0, mine)
            if holder() is None:
                self.taken[0] = holder = mine
            return holder is mine
