"""What the six comparisons share.

8 bits: both operands less their zero points are brought to real values with 8 extra bits, then compared.

Source: tflite/kernels/comparisons.cc, internal/reference/comparisons.h.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op, OpSupport, Tensor, needs, quantize_multiplier, rescale
from delegraph.rules import one_scale_each, operand

from ..elementwise import by_formula
from ..lut import Formula, by_pair

_HEADROOM = 8  # bits


def comparison_rows(op: str, last: int, compare: np.ufunc, types: str) -> list[OpSupport]:
    """Return the rows of a comparison in versions 1 to ``last``, for plain ``types`` and for 8 bits."""
    stored = by_pair(_of_stored(compare))
    return [
        OpSupport(op, (1, last), "T T -> bool", kernel=by_formula(compare), T=types),
        OpSupport(op, (1, last), "T T -> bool", (one_scale_each, small_scales), stored, T="int8 uint8"),
    ]


def _of_stored(compare: np.ufunc) -> Callable[[Op], Formula]:
    def formula_of(op: Op) -> Formula:
        x_to_real, y_to_real = (to_comparable(operand(op, i)) for i in (0, 1))
        return lambda a, b: compare(x_to_real(a), y_to_real(b))

    return formula_of


def to_comparable(tensor: Tensor) -> Formula:
    """Return what brings stored values to integers that compare as what they stand for."""
    to_real = quantize_multiplier(tensor.scale)
    return lambda q: rescale((q - tensor.zero_point) << _HEADROOM, *to_real)


@needs("scales below 1")
def small_scales(op: Op) -> str | None:
    """LiteRT dies of a scale of 1, and shifts by a negative number of bits above it."""
    scales = [t.scale for t in op.inputs if t is not None and t.scale >= 1]
    return f"{scales[0]:g}" if scales else None
