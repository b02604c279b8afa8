"""L2_NORMALIZATION: x divided by its length along the last axis, or by 1e-6 where that is more.

Source: tflite/kernels/l2norm.cc, internal/reference/l2normalization.h.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Op, OpSupport, needs
from delegraph.rules import no_activation_and_some_axis, operand, output_steps

from ..families.softmax_rows import RowOp, by_row
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support(
        "L2_NORMALIZATION",
        by_row(_NORMALIZATION),
        options,
        "T -> T",
        constraints=[no_activation_and_some_axis],
        quantized_constraints=[output_steps(128, int8=0, uint8=128), longer_steps],
    )


@needs("an input scale of 1e-6 or more")
def longer_steps(op: Op) -> str | None:
    """Of what is shorter the real length is not the divisor; LiteRT divides integers by theirs."""
    scale = operand(op, 0).scale
    return None if scale >= 1e-6 else f"{scale:.3g}"


_NORMALIZATION = RowOp(
    "(x) * (x)", "1 / (sqrt(sum) < 1e-6f ? 1e-6f : sqrt(sum))", "(x) * whole", has_peak=False
)
