"""What rows of RELU and its kin need of their scales on int16."""

from __future__ import annotations

import numpy as np
from delegraph import Op, needs
from delegraph.rules import operand


@needs("scales whose rescaling factor keeps a value within int32")
def fitting_factor(op: Op) -> str | None:
    """Above 1, LiteRT shifts values left before it multiplies; what overflows is undefined in C++."""
    factor = operand(op, 0).scale / op.outputs[0].scale
    return None if factor < 2**15 else f"a factor of {factor:.3g}"  # 2^15 * 2^16 = 2^31


@needs("an alpha whose rescaling factor keeps a value within int32")
def fitting_alpha(op: Op) -> str | None:
    x, out, alpha = (np.float32(v) for v in (operand(op, 0).scale, op.outputs[0].scale, op.options.alpha))
    with np.errstate(all="ignore"):
        factor = x * alpha / out
    return None if abs(factor) < 2**15 else f"a factor of {factor:.3g}"
