"""DEQUANTIZE: scale * (stored - zero_point) in float32, per tensor, channel or block; float16 is widened.

Source: tflite/kernels/dequantize.h, internal/reference/dequantize.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs
from delegraph.rules import axis_scales_found, in_blocks, operand, scaled, scales_found, scales_of_blocks

from ..blockwise import real_of_blocks
from ..elementwise import check_scales, per_axis, quietly
from ..kernel import Kernel


def prepare_half(op: Op) -> Kernel:
    return quietly(lambda x: (x.astype(np.float32),))


def prepare_stored(op: Op) -> Kernel:
    x = operand(op, 0)
    scale, zero_point = per_axis(x, len(x.shape or ()))

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        check_scales(x.shape, scale)
        y = x.astype(np.float32)
        y -= zero_point  # exact: at most 17 bits
        y *= scale
        return (y,)

    return run


def prepare_blockwise(op: Op) -> Kernel:
    """LiteRT, which does not look at the blocks, gives numbers of no meaning."""
    scales = scales_of_blocks(operand(op, 0))
    return quietly(lambda x: (real_of_blocks(x, scales),))


@needs("an input with scales")
def quantized_input(op: Op) -> str | None:
    return None if scaled(operand(op, 0)) else scales_found(operand(op, 0))


@needs("one scale on an int16 input")
def one_scale(op: Op) -> str | None:
    return axis_scales_found(operand(op, 0))


SUPPORT = [
    OpSupport("DEQUANTIZE", (1, 9), "float16 -> float32", kernel=prepare_half),
    OpSupport(
        "DEQUANTIZE",
        (1, 9),
        "T -> float32",
        (quantized_input,),
        prepare_stored,
        T="int8 uint8 int4 uint4 int2",
    ),
    OpSupport("DEQUANTIZE", (1, 9), "T -> float32", (in_blocks(0),), prepare_blockwise, T="int8 int4 int2"),
    OpSupport("DEQUANTIZE", (1, 9), "int16 -> float32", (quantized_input, one_scale), prepare_stored),
]
