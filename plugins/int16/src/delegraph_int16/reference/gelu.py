"""GELU: x * P(X <= x) of a normally distributed X on int16, interpolated between 513 samples.

LiteRT computes them with the C library's erfc and tanh, whose last bit is not the same everywhere: a sample
may be one step off.

Source: tflite/kernels/activations.cc (GeluPrepare).
"""

from __future__ import annotations

from delegraph import Op, OpSupport
from delegraph_reference import gelu, gelu_by_tanh

from ._interpolated import Function, by_samples
from ._rules import one_scale_each


def function_of(op: Op) -> Function:
    return gelu_by_tanh if op.options.approximate else gelu


SUPPORT = [OpSupport("GELU", (1, 3), "int16 -> int16", (one_scale_each,), by_samples(function_of))]
