"""SUM of int16 over axes, times scale_in / scale_out, rounded twice."""

from __future__ import annotations

from delegraph import Op, quantize_multiplier
from delegraph.rules import constant, operand

from ..reference import rows_of
from ._claims import as_numpy
from ._reduce import sums


def factor_of(op: Op, count: int) -> tuple[int, int]:
    return quantize_multiplier(operand(op, 0).scale / op.outputs[0].scale)


SUPPORT = as_numpy(rows_of("SUM"), sums(factor_of), constant("axes", 1))
