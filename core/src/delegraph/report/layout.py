"""How wide the terminal is, and how columns share it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

WIDTH = 108  # of reports that go to no terminal
GAP = 2  # blanks between columns


def screen_width(otherwise: int = WIDTH) -> int:
    """Return how wide the terminal is, also where the output goes through a pipe to what is shown on it.

    :param otherwise: the width where there is no terminal, and the variable COLUMNS is not set.
    """
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        with suppress(AttributeError, OSError, ValueError):  # there is none, it is closed, or no terminal
            return os.get_terminal_size(stream.fileno()).columns or otherwise  # type: ignore[union-attr]
    return otherwise


def fitted(natural: Sequence[int], least: Sequence[int], width: int) -> list[int] | None:
    """Share out a line among columns: each gets what it wants, or its least and a part of the rest.

    :param natural: how wide each column is on one line; ``least``: its longest word, which is not broken.
    :return: the widths; None where the least do not fit.
    """
    room = width - GAP * (len(natural) - 1)
    if sum(least) > room:
        return None
    widths, left = list(least), room - sum(least)
    while left and (short := [i for i, n in enumerate(natural) if widths[i] < n]):
        part = max(left // len(short), 1)
        for i in short[:left]:
            more = min(part, natural[i] - widths[i])
            widths[i], left = widths[i] + more, left - more
    return widths
