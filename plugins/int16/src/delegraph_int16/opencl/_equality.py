"""EQUAL and NOT_EQUAL of int16: operands with scales are compared as real numbers of 8 extra bits."""

from __future__ import annotations

from collections.abc import Callable

from delegraph import Op
from delegraph.rules import operand

from ._pairs import Formula, rescale


def compared(how: str) -> Callable[[Op], Formula]:
    """Return the formula of ``how``: == or !=."""

    def formula_of(op: Op) -> Formula:
        x, y = operand(op, 0), operand(op, 1)
        if not x.scale:
            return Formula(f"a {how} b", {})
        numbers = {
            **rescale("x", x.scale),
            **rescale("y", y.scale),
            "x_zero": x.zero_point,
            "y_zero": y.zero_point,
        }
        left = "rescaled((a - x_zero) << 8, x, x_left, x_right)"
        right = "rescaled((b - y_zero) << 8, y, y_left, y_right)"
        return Formula(f"{left} {how} {right}", numbers)

    return formula_of
