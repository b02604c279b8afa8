"""MEAN of int16 over axes: sums, rescaled by a multiplier into which the division has gone."""

from __future__ import annotations

from delegraph import Op, quantize_multiplier
from delegraph.rules import constant, operand
from delegraph_reference import divided

from ..reference import rows_of
from ._claims import as_numpy
from ._reduce import sums


def factor_of(op: Op, count: int) -> tuple[int, int]:
    multiplier, shift = quantize_multiplier(operand(op, 0).scale / op.outputs[0].scale)
    return divided(multiplier, shift, max(count, 1))


SUPPORT = as_numpy(rows_of("MEAN"), sums(factor_of), constant("axes", 1))
