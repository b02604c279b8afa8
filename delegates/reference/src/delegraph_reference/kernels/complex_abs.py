"""COMPLEX_ABS: the length of complex numbers, sqrt(real^2 + imag^2) without overflow in between.

Source: tflite/kernels/complex_support.cc (std::abs).
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula


def length(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.hypot(x.real, x.imag))


SUPPORT = [
    OpSupport("COMPLEX_ABS", (1, 1), "complex64 -> float32", kernel=by_formula(length)),
    OpSupport("COMPLEX_ABS", (1, 1), "complex128 -> float64", kernel=by_formula(length)),
]
