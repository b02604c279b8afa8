"""SOFTMAX: exp(beta x) along the last axis, divided by its sum.

Source: tflite/delegates/gpu/common/model_builder.cc (SoftmaxOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import DTYPES, Op, OpSupport
from delegraph.rules import has_an_axis, output_steps, softmax_scale

from ..families.softmax_rows import RowOp, by_row
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support(
        "SOFTMAX",
        by_row(_SOFTMAX),
        options,
        "T -> T",
        last=4,
        constraints=[has_an_axis],
        half_rtol=1e-2,
        quantized_constraints=[softmax_scale, output_steps(256, 0.001, int8=-128, uint8=0)],
    )


def _beta(op: Op) -> float:
    """Return beta; of integers one with which a step is 100 at most: all but the largest is 0 then.

    With a larger one the rounding of the largest itself, taken from itself, would count.
    """
    beta, x = float(op.options.beta), op.inputs[0]
    if x is None or not DTYPES[x.dtype].is_integer:
        return beta
    most = 100 / x.scale
    return min(max(beta, -most), most)


_SOFTMAX = RowOp(
    term="EXP(((x) - peak) * b)",
    setup="1 / (sum)",
    value="(t) * whole",
    parameter=_beta,
)
