"""LEAKY_RELU: x where it is positive, else alpha * x, each rescaled on its own.

Source: tflite/kernels/activations.cc (LeakyReluPrepare), internal/reference/leaky_relu.h.
"""

from __future__ import annotations

from ._like import like
from ._rectified import fitting_alpha, fitting_factor
from ._rules import one_scale_each, symmetric

SUPPORT = [like("LEAKY_RELU", "int8 -> int8", symmetric, one_scale_each, fitting_factor, fitting_alpha)]
