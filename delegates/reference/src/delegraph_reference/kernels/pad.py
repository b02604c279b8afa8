"""PAD: zeros around a tensor.

Source: tflite/kernels/pad.cc (Eval, EvalInt).
"""

from __future__ import annotations

import math

import numpy as np
from delegraph import DTYPES, Op, OpSupport, needs
from delegraph.rules import same_quantization

from ..kernel import Kernel
from ._movement import EVERY_TYPE, zero_of
from ._pad import PADDINGS, prepare_pad


def prepare(op: Op) -> Kernel:
    """Return x in a frame of the real value 0: the output's zero point where that counts."""
    padded, out = prepare_pad(op), op.outputs[0]
    zero_point = out.zero_point if out.dtype in _QUANTIZED else 0

    def run(x: np.ndarray, paddings: np.ndarray) -> tuple[np.ndarray]:
        return (padded(x, paddings, zero_point or zero_of(x.dtype)),)

    return run


@needs("a zero point that the output's type holds")
def fitting_zero_point(op: Op) -> str | None:
    out = op.outputs[0]
    low, high = DTYPES[out.dtype].limits if out.dtype in _QUANTIZED else (-math.inf, math.inf)
    return None if low <= out.zero_point <= high else f"{out.zero_point} for {out.dtype}"


_QUANTIZED = ("int8", "uint8", "int16")  # of other types LiteRT ignores the quantization
SUPPORT = [
    OpSupport(
        "PAD",
        (1, 6),
        f"T {PADDINGS} -> T",
        (fitting_zero_point, same_quantization(slice(1))),
        T=EVERY_TYPE,
        kernel=prepare,
    )
]
