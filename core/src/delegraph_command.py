"""The program ``delegraph``: Ctrl-C ends it with a word, also while Python imports the command line."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType


def main() -> None:
    interrupts: list[int] = []
    try:
        command = _imported(interrupts)
    except KeyboardInterrupt:
        interrupts.append(signal.SIGINT)
    if interrupts:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    command()


def _imported(interrupts: list[int]) -> Callable[[], object]:
    """Import the command line. A Ctrl-C meanwhile waits: numpy would call it a broken installation.

    :param interrupts: gets what came meanwhile
    """

    def later(number: int, _frame: FrameType | None) -> None:
        interrupts.append(number)

    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, later)
    try:
        from delegraph.cli import main as command
    finally:
        if before is signal.default_int_handler:
            signal.signal(signal.SIGINT, before)
    return command
