"""SQUARED_DIFFERENCE: (x - y)^2 of two broadcast int16 operands, both brought to one scale first."""

from __future__ import annotations

from delegraph import Op
from delegraph.rules import operand

from ..reference import squared_difference
from ._claims import as_numpy
from ._pairs import Formula, by_pair, rescale

_DIFFERENCE = "(rescaled(a, x, x_left, x_right) - rescaled(b, y, y_left, y_right))"


def formula_of(op: Op) -> Formula:
    common = squared_difference.common_scale(op)
    factors = {"x": operand(op, 0).scale / common, "y": operand(op, 1).scale / common}
    factors["out"] = squared_difference.output_factor(op)
    numbers = {k: n for name, factor in factors.items() for k, n in rescale(name, factor).items()}
    squared = f"rescaled({_DIFFERENCE} * {_DIFFERENCE}, out, out_left, out_right)"
    return Formula(f"clamp({squared}, -32768, 32767)", numbers)


SUPPORT = as_numpy(squared_difference.SUPPORT, by_pair(formula_of))
