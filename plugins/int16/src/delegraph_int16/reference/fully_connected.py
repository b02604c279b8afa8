"""FULLY_CONNECTED: as in the reference delegate, with int16 x and integer weights.

Weights of up to 8 bits: sums of 64 bits, or of 32 with an int32 bias, times a double, rounded once. int16
weights: sums of 64 bits times a multiplier of 15 bits.

Source: tflite/kernels/fully_connected.cc (FullyConnectedInt16, FullyConnectedInt16FilterInt16), internal/
reference/integer_ops/fully_connected.h.
"""

from __future__ import annotations

from delegraph import OpSupport
from delegraph.rules import dense
from delegraph_reference import FULLY_CONNECTED_RULES, fully_connected_with

from ._rules import fitting_factor, symmetric, true_bias_type
from ._sums import of_fully_connected, of_int16_weights

_ALL = (*FULLY_CONNECTED_RULES, dense, symmetric, true_bias_type())

SUPPORT = [
    OpSupport(
        "FULLY_CONNECTED",
        (1, 14),
        "int16 int8|int4|int2 int64|int32? -> int16",
        _ALL,
        fully_connected_with(of_fully_connected),
    ),
    OpSupport(
        "FULLY_CONNECTED",
        (1, 14),
        "int16 int16 int64|int32? -> int16",
        (*_ALL, fitting_factor),
        fully_connected_with(of_int16_weights),
    ),
]
