"""Which scheme to use: what each needs, gives and runs on, and the questions that lead to one."""

from __future__ import annotations

from .table import ROWS, NotCovered, SchemeRow, help_table, markdown, summary
from .tree import Advice, Situation, advise

__all__ = [
    "ROWS",
    "Advice",
    "NotCovered",
    "SchemeRow",
    "Situation",
    "advise",
    "help_table",
    "markdown",
    "summary",
]
