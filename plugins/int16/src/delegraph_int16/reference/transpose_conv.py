"""TRANSPOSE_CONV: as in the reference delegate, with int16 x and int8 weights.

The bias selects the rounding: see ``_sums``.

Source: tflite/kernels/transpose_conv.cc (EvalQuantizedPerChannel16x8), internal/reference/integer_ops/
transpose_conv.h.
"""

from __future__ import annotations

from delegraph import OpSupport
from delegraph_reference import TRANSPOSE_CONV_RULES, transpose_conv_with

from ._rules import fitting_factor, symmetric, true_bias_type
from ._sums import of_convolution

SUPPORT = [
    OpSupport(
        "TRANSPOSE_CONV",
        (1, 5),
        "int32 int8 int16 int64|int32? -> int16",
        (*TRANSPOSE_CONV_RULES, symmetric, fitting_factor, true_bias_type(3)),
        transpose_conv_with(of_convolution),
    )
]
