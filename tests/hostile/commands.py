"""Command lines, tried in a process of limited memory: what they say, how long and how much they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import frozen
from child import Child

SECONDS = 20.0  # that a command may take on a machine with much else to do; alone it takes a tenth


@frozen
class Took:
    """What a command said and took."""

    code: int
    text: str
    seconds: float
    peak: int  # bytes by which the process grew at its largest


class Commands:
    """Runs command lines, one after the other."""

    def __init__(self) -> None:
        self._child: Child | None = None

    def __call__(self, *arguments: Any) -> Took:
        self._child = self._child or Child(Path(__file__).with_name("bounded.py"))
        try:
            return Took(*self._child.ask([str(a) for a in arguments], SECONDS))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None
