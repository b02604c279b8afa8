"""RELU6: x within 0 and 6, brought to the output's scale.

Source: tflite/kernels/activations.cc (ReluPrepare, QuantizedReluX).
"""

from __future__ import annotations

from ._like import like
from ._rectified import fitting_factor
from ._rules import one_scale_each, symmetric

SUPPORT = [like("RELU6", "int8 -> int8", symmetric, one_scale_each, fitting_factor)]
