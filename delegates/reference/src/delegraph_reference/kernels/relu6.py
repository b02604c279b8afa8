"""RELU6: values kept within [0, 6]; 8 bits are brought to the output's scale.

Source: tflite/kernels/activations.cc (Relu6Eval).
"""

from __future__ import annotations

from ._relu import relu_rows

SUPPORT = relu_rows("RELU6", (1, 3), 0, 6)
