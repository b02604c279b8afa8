"""ABS: the absolute value of int16, rescaled where the scales differ; without scales the smallest wraps.

Source: tflite/kernels/elementwise.cc (AbsEvalQuantized, AbsInt16EvalImpl).
"""

from __future__ import annotations

from delegraph import Op, needs
from delegraph.rules import operand

from ._like import like
from ._rules import one_scale_each, symmetric, unscaled


@needs("scales whose rescaling factor is below 2**15")
def fitting_factor(op: Op) -> str | None:
    """From there on, values that LiteRT shifts left leave int32."""
    factor = operand(op, 0).scale / op.outputs[0].scale
    return None if factor < 2**15 else f"a factor of {factor:.3g}"


SUPPORT = [
    like("ABS", "int8 -> int8", symmetric, one_scale_each, fitting_factor),
    like("ABS", "int32 -> int32", unscaled, of="int32"),
]
