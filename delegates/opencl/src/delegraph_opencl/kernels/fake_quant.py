"""FAKE_QUANT: real numbers rounded as num_bits between min and max would hold them.

Source: tflite/kernels/fake_quant.cc, internal/reference/fakequant.h.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph import Op, OpSupport, round_half_away
from delegraph.rules import proper_range

from ..families.elementwise import elementwise, literal
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    kernel = elementwise(_formula)
    return float_support(
        "FAKE_QUANT", kernel, options, "T -> T", constraints=[proper_range], quantized="", half_rtol=1e-2
    )


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
