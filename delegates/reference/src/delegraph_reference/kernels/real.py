"""REAL: the real part of complex numbers.

Source: tflite/kernels/complex_support.cc.
"""

from __future__ import annotations

from delegraph import OpSupport

from ..elementwise import by_formula

prepare = by_formula(lambda x: x.real)
SUPPORT = [
    OpSupport("REAL", (1, 1), "complex64 -> float32", kernel=prepare),
    OpSupport("REAL", (1, 1), "complex128 -> float64", kernel=prepare),
]
