"""LOCAL_RESPONSE_NORMALIZATION: x * (bias + alpha * sum of squares of nearby channels)^-beta.

Nearby are the channels from ``radius`` below to ``radius`` - 1 above. LiteRT's faster kernel has one more
above, as TensorFlow has; BUILTIN_REF does not.

Source: tflite/kernels/internal/reference/reference_ops.h (LocalResponseNormalization).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs
from delegraph.rules import bounded_radius, operand

from ..elementwise import quietly
from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    radius = op.options.radius
    bias, alpha, beta = (np.float64(op.options.get(name)) for name in ("bias", "alpha", "beta"))

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        total = _window_sums(np.square(x), radius)
        factor = np.power(bias + alpha * total, -beta).astype(np.float32)  # in doubles, as in LiteRT
        factor *= x
        return (factor,)

    return run


def _window_sums(x: np.ndarray, radius: int) -> np.ndarray:
    channels = x.shape[-1]
    total = np.zeros_like(x)
    for offset in range(-min(radius, channels), min(radius, channels)):
        below, above = max(0, -offset), max(0, offset)
        total[..., below : channels - above] += x[..., above : channels - below]
    return total


@needs("a rank of 4")
def image(op: Op) -> str | None:
    rank = len(operand(op, 0).shape or ())
    return None if rank == 4 else f"rank {rank}"


SUPPORT = [
    OpSupport(
        "LOCAL_RESPONSE_NORMALIZATION", (1, 1), "float32 -> float32", (image, bounded_radius), prepare
    )
]
