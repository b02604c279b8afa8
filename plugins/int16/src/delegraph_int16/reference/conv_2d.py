"""CONV_2D: as in the reference delegate, with int16 x and int8 or int4 filters.

The bias selects the rounding: see ``_sums``.

Source: tflite/kernels/conv.cc (EvalQuantizedPerChannel16x8), internal/reference/integer_ops/conv.h.
"""

from __future__ import annotations

from delegraph import OpSupport
from delegraph_reference import CONV_2D_RULES, conv_2d_with

from ._rules import fitting_factor, symmetric, true_bias_type
from ._sums import of_convolution

SUPPORT = [
    OpSupport(
        "CONV_2D",
        (1, 8),
        "int16 int8|int4 int64|int32 -> int16",
        (*CONV_2D_RULES, symmetric, fitting_factor, true_bias_type()),
        conv_2d_with(of_convolution),
    )
]
