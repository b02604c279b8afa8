"""MUL: elementwise product of two broadcast int16 operands, and a fused activation.

With scales it is rounded twice; without scales it wraps.
"""

from __future__ import annotations

from delegraph import Op, stored_range

from ..reference import mul
from ._claims import as_numpy, scaled, wrapping
from ._pairs import Formula, by_pair, rescale, wrapped


def formula_of(op: Op) -> Formula:
    low, high = stored_range(op)
    numbers = {**rescale("product", mul.output_factor(op)), "low": low, "high": high}
    return Formula("clamp(rescaled(a * b, product, product_left, product_right), low, high)", numbers)


SUPPORT = [
    *as_numpy(scaled(mul.SUPPORT), by_pair(formula_of)),
    *as_numpy(wrapping(mul.SUPPORT), wrapped("a * b")),
]
