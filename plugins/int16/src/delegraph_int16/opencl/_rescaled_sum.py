"""ADD and SUB of int16: both operands brought to one scale, combined, and brought to the output's.

The arithmetic is that of ``reference/_rescaled_sum.py``.
"""

from __future__ import annotations

from collections.abc import Callable

from delegraph import Op, stored_range
from delegraph.rules import operand

from ..reference._rescaled_sum import output_factor, shifts_of
from ._pairs import Formula, rescale

_GENERAL = (
    "clamp(rescaled(rescaled(a << 15, x, x_left, x_right) {0} rescaled(b << 15, y, y_left, y_right), "
    "sum, sum_left, sum_right), low, high)"
)
_SHIFTED = "clamp(rescaled(a, 1 << 30, 1, x_right) {0} rescaled(b, 1 << 30, 1, y_right), low, high)"


def rescaled_sum(combine: str) -> Callable[[Op], Formula]:
    """Return the formula of ``combine``: + or -."""

    def formula_of(op: Op) -> Formula:
        low, high = stored_range(op)
        limits, shifts = {"low": low, "high": high}, shifts_of(op)
        if shifts is not None:
            numbers = {"x_right": shifts[0], "y_right": shifts[1]}
            return Formula(_SHIFTED.format(combine), {**numbers, **limits})
        x, y = operand(op, 0).scale, operand(op, 1).scale
        common = 2 * max(x, y)
        factors = {"x": x / common, "y": y / common, "sum": output_factor(op)}
        numbers = {k: n for name, factor in factors.items() for k, n in rescale(name, factor).items()}
        return Formula(_GENERAL.format(combine), {**numbers, **limits})

    return formula_of
