"""RSQRT: 1 / sqrt(x) on int16, interpolated between 513 samples; a negative value is an error.

Source: tflite/kernels/elementwise.cc (GenericPrepare, RsqrtEvalQuantizedInt16).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph_reference import Kernel, refusing_negatives

from ._interpolated import Function, by_samples
from ._rules import one_scale_each, symmetric


def prepare(op: Op) -> Kernel:
    return refusing_negatives(op, by_samples(function_of)(op))


def function_of(op: Op) -> Function:
    largest = np.float32(32767) * np.float32(op.outputs[0].scale)

    def function(x: np.ndarray) -> np.ndarray:
        root = np.sqrt(np.where(x > 0, x, np.float32(1)))
        return np.asarray(np.where(x > 0, np.float32(1) / root, largest))

    return function


SUPPORT = [OpSupport("RSQRT", (1, 3), "int16 -> int16", (symmetric, one_scale_each), prepare)]
