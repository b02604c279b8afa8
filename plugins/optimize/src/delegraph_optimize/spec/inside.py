"""Names of what an LSTM holds inside, which no tensor shows and integers need the ranges of."""

from __future__ import annotations

CELL, HIDDEN = "cell", "hidden"


def gate_name(gate: int) -> str:
    return f"gate{gate}"
