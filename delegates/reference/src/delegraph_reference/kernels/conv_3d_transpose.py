"""CONV_3D_TRANSPOSE: each element of a volume spreads over the outputs that its window covers.

shape: (5,), filters: (depth, height, width, out, in), x: (batch, depth, height, width, in), bias: (out,).

Source: tflite/kernels/conv3d_transpose.cc, internal/reference/conv3d_transpose.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, needs, shape_text
from delegraph.rules import bias_along, known_activation, operand_shape

from ..elementwise import quietly
from ..kernel import Kernel
from ..transposed import output_windows, spread
from ..weights import FloatFinish
from ._movement import ints
from .conv_3d import real_steps


def prepare(op: Op) -> Kernel:
    def run(
        shape: np.ndarray, filters: np.ndarray, x: np.ndarray, bias: np.ndarray | None = None
    ) -> tuple[np.ndarray]:
        sizes = ints(shape)
        channels = filters.shape[3]
        if len(sizes) != 5 or sizes[0] != len(x) or sizes[4] != channels:
            raise InputError(f"{op}: needs an output shape ({len(x)}, ..., {channels}), found {sizes}")
        windows = output_windows(op, sizes, filters.shape[:3], x.shape[1:4])
        weights = filters.transpose(4, 0, 1, 2, 3).reshape(x.shape[4], -1)
        out, finish = np.empty(sizes, np.float32), FloatFinish(op, bias)
        for volume, result in zip(x, out, strict=True):
            sums = spread(volume, weights, windows, sizes[1:])
            finish(sums.reshape(-1, channels), result.reshape(-1, channels))
        return (out,)

    return quietly(run)


@needs("as many input channels as the filters have")
def same_channels(op: Op) -> str | None:
    filters, x = operand_shape(op, 1), operand_shape(op, 2)
    return None if x[4] == filters[4] else f"{x[4]} channels, filters {shape_text(filters)}"


SUPPORT = [
    OpSupport(
        "CONV_3D_TRANSPOSE",
        (1, 1),
        "int32 float32 float32 float32? -> float32",
        (known_activation, real_steps, same_channels, bias_along(3, index=3)),
        prepare,
    )
]
