"""RELU_0_TO_1: x within 0 and 1, brought to the output's scale.

LiteRT lacks it on int16; this is its arithmetic of RELU6 with other bounds.

Source: tflite/kernels/activations.cc (ReluPrepare, QuantizedReluX).
"""

from __future__ import annotations

from ._like import like
from ._rectified import fitting_factor
from ._rules import one_scale_each, symmetric

SUPPORT = [like("RELU_0_TO_1", "int8 -> int8", symmetric, one_scale_each, fitting_factor)]
