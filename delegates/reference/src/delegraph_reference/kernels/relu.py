"""RELU: max(x, 0); 8 bits are brought to the output's scale.

Source: tflite/kernels/activations.cc (ReluEval).
"""

from __future__ import annotations

import math

from ._relu import relu_rows

SUPPORT = relu_rows("RELU", (1, 3), 0, math.inf)
