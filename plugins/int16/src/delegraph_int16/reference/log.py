"""LOG: the natural logarithm on int16, interpolated between 513 samples.

What is not positive gives the output's smallest value, and so does a part of the first 128 values above 0.

Source: tflite/kernels/elementwise.cc (LogLUTPrepare).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph_reference import log

from ._interpolated import Function, by_samples
from ._rules import one_scale_each, symmetric


def function_of(op: Op) -> Function:
    lowest = np.float32(-32768) * np.float32(op.outputs[0].scale)

    def function(x: np.ndarray) -> np.ndarray:
        return np.where(x > 0, log(np.where(x > 0, x, np.float32(1))), lowest)

    return function


SUPPORT = [OpSupport("LOG", (1, 2), "int16 -> int16", (symmetric, one_scale_each), by_samples(function_of))]
