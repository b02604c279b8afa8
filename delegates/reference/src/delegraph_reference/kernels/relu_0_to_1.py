"""RELU_0_TO_1: values kept within [0, 1]; 8 bits are brought to the output's scale.

Source: tflite/kernels/activations.cc (Relu0to1Eval).
"""

from __future__ import annotations

from ._relu import relu_rows

SUPPORT = relu_rows("RELU_0_TO_1", (1, 1), 0, 1)
