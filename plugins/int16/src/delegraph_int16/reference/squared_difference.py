"""SQUARED_DIFFERENCE: (x - y)^2 of two int16 operands, broadcast.

Both are brought to one scale, subtracted, squared, and brought to the output's scale, as in TFLite Micro;
LiteRT lacks it.

Source: tensorflow/lite/micro/kernels/squared_difference.cc (of tflite-micro).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op, OpSupport, Tensor, needs, quantize_multiplier, rescale
from delegraph.rules import operand
from delegraph_reference import Kernel, clipped

from ._pairs import looked_up
from ._rules import one_scale_each, symmetric


def prepare(op: Op) -> Kernel:
    x, y, out = operand(op, 0), operand(op, 1), op.outputs[0]
    to_out = quantize_multiplier(output_factor(op))
    x_to_common, y_to_common = (_to_common(op, t) for t in (x, y))

    def run(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray]:
        difference = x_to_common(a) - y_to_common(b)
        return (clipped(rescale(difference * difference, *to_out), out).astype(np.int16),)

    return run


def _to_common(op: Op, tensor: Tensor) -> Callable[[np.ndarray], np.ndarray]:
    factor = quantize_multiplier(tensor.scale / common_scale(op))
    return looked_up(lambda q: rescale(q, *factor), tensor)


@needs("scales whose rescaling factor is below 1")
def fitting_output(op: Op) -> str | None:
    """Beyond it, squares that TFLite Micro shifts left leave int32."""
    factor = output_factor(op)
    return None if factor < 1 else f"a factor of {factor:.3g}"


def output_factor(op: Op) -> float:
    return common_scale(op) ** 2 / op.outputs[0].scale


def common_scale(op: Op) -> float:
    return 2 * max(operand(op, 0).scale, operand(op, 1).scale)


SUPPORT = [
    OpSupport(
        "SQUARED_DIFFERENCE",
        (1, 2),
        "int16 int16 -> int16",
        (symmetric, one_scale_each, fitting_output),
        prepare,
    )
]
