"""PRELU of int16: x where it is not negative, else x * alpha, broadcast; each rescaled on its own."""

from __future__ import annotations

import numpy as np
from delegraph import Op, needs
from delegraph.rules import operand

from ..reference import prelu
from ._claims import as_numpy
from ._pairs import Formula, by_pair, rescale


@needs("a constant alpha where it is int8")
def constant_int8(op: Op) -> str | None:
    alpha = operand(op, 1)
    return None if alpha.dtype == "int16" or alpha.is_constant else f"{alpha.name!r} that is computed"


def formula_of(op: Op) -> Formula:
    x, out = operand(op, 0), op.outputs[0]
    kept = rescale("kept", float(np.float32(x.scale) / np.float32(out.scale)))
    sloped = rescale("sloped", prelu.negative_factor(op))
    positive = "rescaled(a, kept, kept_left, kept_right)"
    negative = "rescaled(a * b, sloped, sloped_left, sloped_right)"
    return Formula(f"clamp(a >= 0 ? {positive} : {negative}, -32768, 32767)", {**kept, **sloped})


SUPPORT = as_numpy(prelu.SUPPORT, by_pair(formula_of), constant_int8)
