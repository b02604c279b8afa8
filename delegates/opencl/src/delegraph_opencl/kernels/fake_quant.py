"""FAKE_QUANT: real numbers rounded as num_bits between min and max would hold them.

Source: tflite/kernels/fake_quant.cc, internal/reference/fakequant.h.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph import Op, OpSupport, needs, round_half_away

from ..families.elementwise import elementwise, literal
from ..families.support_rows import float_rows
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    kernel = elementwise(_formula)
    return float_rows(
        "FAKE_QUANT", kernel, options, "T -> T", where=[proper_range], quantized="", half_rtol=1e-2
    )


@needs("min below max, 1 to 16 bits and the whole range of them")
def proper_range(op: Op) -> str | None:
    o = op.options
    if o.narrow_range:
        return "narrow_range"
    fits = o.min < o.max and 1 <= o.num_bits <= 16
    return None if fits else f"{o.num_bits} bits from {o.min:g} to {o.max:g}"


def _formula(op: Op) -> str:
    low, high, step = _nudged(op)
    inside = f"fmin(fmax({{0}}, {literal(low)}), {literal(high)})"
    steps = f"floor(({inside} - {literal(low)}) * {literal(np.float32(1) / step)} + {literal(0.5)})"
    return f"({steps} * {literal(step)} + {literal(low)})"


def _nudged(op: Op) -> tuple[np.float32, np.float32, np.float32]:
    """Return the range, moved so that 0 is a whole number of steps from its ends, and the step."""
    low, high = np.float32(op.options.min), np.float32(op.options.max)
    most = np.float32((1 << op.options.num_bits) - 1)
    step = (high - low) / most
    zero_point = np.clip(round_half_away(np.asarray(-low / step)), np.float32(0), most)
    return -zero_point * step, (most - zero_point) * step, step
