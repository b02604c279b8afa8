"""ADD and SUB of int16: both operands brought to one scale, combined, and brought to the output's.

Source: tflite/kernels/{add,sub}.cc (Prepare), internal/reference/{add,sub}.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, Tensor, needs, quantize_multiplier, rescale, round_half_away, stored_range
from delegraph.rules import operand
from delegraph_reference import Formula, Kernel, Prepare, within

from ._pairs import by_stored_pairs
from ._powers import power_of_two
from ._rescale import to_int16

_HEADROOM = 15  # bits: with them, an int16 operand still fits int32


def rescaled_sum(combine: np.ufunc) -> Prepare:
    """Return the prepare function of ``combine``: np.add or np.subtract.

    In general, the operands are brought to the scale 2 * max(scale_x, scale_y) with 15 extra bits,
    combined, and brought to the output's scale, rounded twice each time. Where the option pot_scale_int16
    asks for it and all scales are powers of two, one operand is shifted right and the result saturates.
    """

    def prepare(op: Op) -> Kernel:
        shifts = shifts_of(op)
        if shifts is not None:
            return by_stored_pairs(lambda op: _shifted(op, combine, shifts))(op)
        x_to_common, y_to_common = (_to_common(op, operand(op, i)) for i in (0, 1))
        to_out = to_int16(*quantize_multiplier(output_factor(op)), stored_range(op))
        return lambda a, b: (to_out(combine(x_to_common(a), y_to_common(b))),)

    return prepare


def _to_common(op: Op, tensor: Tensor) -> Formula:
    """Return what brings stored values to the common scale, in float64, which holds all 49 bits of it."""
    common = 2 * max(operand(op, 0).scale, operand(op, 1).scale)
    multiplier, shift = quantize_multiplier(tensor.scale / common)
    factor, step = multiplier * 2.0 ** (_HEADROOM - 31), 2.0**shift

    def rescaled(q: np.ndarray) -> np.ndarray:
        x = np.subtract(q, tensor.zero_point, dtype=np.float64)
        x *= factor
        x = np.floor(x + 0.5)
        return x if shift == 0 else round_half_away(x * step)

    return rescaled


def _shifted(op: Op, combine: np.ufunc, shifts: tuple[int, int]) -> Formula:
    limits = stored_range(op)

    def formula(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        a, b = (_rounding_shift(v, bits) for v, bits in zip((a, b), shifts, strict=True))
        return within(combine(a, b), limits)

    return formula


def _rounding_shift(x: np.ndarray, bits: int) -> np.ndarray:
    """Return x / 2**bits, halves away from zero."""
    return rescale(x << 1, 1 << 30, -bits)  # the multiplier is 1 / 2


def shifts_of(op: Op) -> tuple[int, int] | None:
    """Return how far to shift the operands right, None where the arithmetic is the general one."""
    x, y, out = (power_of_two(t.scale) for t in (operand(op, 0), operand(op, 1), op.outputs[0]))
    if not op.options.pot_scale_int16 or x is None or y is None or out is None:
        return None
    return out - x, out - y


@needs("an output scale that leaves a rescaling factor below 1")
def fine_enough_output(op: Op) -> str | None:
    """Beyond it ADD kills LiteRT, and SUB shifts by a negative number of bits."""
    factor = output_factor(op)
    return None if shifts_of(op) is not None or factor < 1 else f"a factor of {factor:.3g}"


@needs("one operand of the output's scale and none of a larger one, if pot_scale_int16 asks for shifts")
def one_scale_kept(op: Op) -> str | None:
    shifts = shifts_of(op)
    if shifts is None or (min(shifts) == 0 and max(shifts) < 16):
        return None
    return f"shifts by {shifts[0]} and {shifts[1]}"


def output_factor(op: Op) -> float:
    """Return what the sum of the rescaled operands is multiplied by."""
    return 2 * max(operand(op, 0).scale, operand(op, 1).scale) / ((1 << _HEADROOM) * op.outputs[0].scale)
