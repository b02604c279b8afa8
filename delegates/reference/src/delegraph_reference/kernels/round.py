"""ROUND: the nearest whole number, the even one of two.

Source: tflite/kernels/round.cc, internal/reference/round.h (RoundToNearest).
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula


def rounded(x: np.ndarray) -> np.ndarray:
    """LiteRT adds 1 to the floor of what lies between -1 and 0, which gives 0.0; np.rint gives -0.0."""
    y = np.asarray(np.rint(x))
    y += 0.0  # of both zeros 0.0
    np.copyto(y, x, where=x == 0)
    return y


SUPPORT = [OpSupport("ROUND", (1, 1), "T -> T", kernel=by_formula(rounded), T="float32 float16 bfloat16")]
