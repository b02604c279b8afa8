"""The 8-bit arithmetic of ADD and SUB.

Source: tflite/kernels/{add,sub}.cc (Prepare), internal/reference/{add,sub}.h.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Constraint, Op, needs, quantize_multiplier, rescale, stored_range
from delegraph.rules import one_scale_each, operand

from ..lut import Formula, within

_HEADROOM = 20  # bits: with them, an operand less its zero point (9 bits) still fits int32


def rescaled_sum(sign: int) -> Callable[[Op], Formula]:
    """Return the formula of x + sign * y on stored values.

    Both operands are brought to the scale 2 * max(scale_x, scale_y) with 20 extra bits, added, and brought
    to the output's scale, rounded twice each time.
    """

    def formula_of(op: Op) -> Formula:
        x, y, out = operand(op, 0), operand(op, 1), op.outputs[0]
        common = 2 * max(x.scale, y.scale)
        x_to_common, y_to_common = (quantize_multiplier(t.scale / common) for t in (x, y))
        common_to_out = quantize_multiplier(_output_factor(op))
        limits = stored_range(op)

        def formula(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            a = rescale((a - x.zero_point) << _HEADROOM, *x_to_common)
            b = rescale((b - y.zero_point) << _HEADROOM, *y_to_common)
            return within(rescale(a + sign * b, *common_to_out) + out.zero_point, limits)

        return formula

    return formula_of


@needs("an output scale that leaves a rescaling factor below 1")
def fine_enough_output(op: Op) -> str | None:
    """Beyond it ADD kills LiteRT, and SUB shifts by a negative number of bits."""
    factor = _output_factor(op)
    return None if factor < 1 else f"a factor of {factor:.3g}"


@needs("input scales below 2**127")
def doubled_scales(op: Op) -> str | None:
    """LiteRT doubles the larger one in float32, and dies if it is infinite then."""
    scale = max(operand(op, 0).scale, operand(op, 1).scale)
    return None if scale < 2**127 else f"{scale:.3g}"


def scale_with_headroom(bits: int) -> Constraint:
    """Return the constraint that the output's scale can take the ``bits`` that operands are shifted by."""

    @needs(f"an output scale below 2**{128 - bits}")
    def finite_output(op: Op) -> str | None:
        """LiteRT multiplies it in float32, and dies of the factor of 0 that an infinite one leaves."""
        scale = op.outputs[0].scale
        return None if scale < 2 ** (128 - bits) else f"{scale:.3g}"

    return finite_output


def _output_factor(op: Op) -> float:
    """Return what the sum of the rescaled operands is multiplied by."""
    return 2 * max(operand(op, 0).scale, operand(op, 1).scale) / ((1 << _HEADROOM) * op.outputs[0].scale)


SUM_SCALES = (one_scale_each, doubled_scales, scale_with_headroom(_HEADROOM), fine_enough_output)
