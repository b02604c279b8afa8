"""tanh and the logistic function of float32 arrays as LiteRT's vector code approximates them, bit for bit.

They are 5 units in the last place off at most. That matters where a result is quantized in the next step:
a last bit can move it by a whole quantization step. Elsewhere ``transcendental`` is better and faster.
LiteRT takes another formula for the logistic function of what its vectors of four leave over.

Source: Eigen (2025), GenericPacketMathFunctions.h (ptanh_float, without fused multiply-add) and
UnaryFunctors.h (scalar_logistic_op<float>).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_f = np.float32


def tanh(x: np.ndarray) -> np.ndarray:
    """Return the hyperbolic tangent: x * P(x^2) / Q(x^2), from where on it is 1 cut off."""
    x = x.clip(-_TANH_END, _TANH_END)
    square = x * x
    top = square * x * _polynomial(square, _TANH_TOP) + x
    return np.asarray(top / _polynomial(square, _TANH_BOTTOM))


def logistic(x: np.ndarray) -> np.ndarray:
    """Return e / (1 + e) with e = exp(x) = (2**m * exp(r))**2, where x / 2 = m * log(2) + r."""
    half = np.minimum(x, _LOGISTIC_END) * _f(0.5)
    m = np.floor(half * _f(np.log2(np.e)) + _f(0.5))
    r = m * -_LOG2_HIGH + half
    r = m * _LOG2_REST + r
    square = r * r
    even, odd = _polynomial(square, _EXP_EVEN), _polynomial(square, _EXP_ODD)
    e = np.ldexp(square * (r * odd + even) + (r + _f(1)), m.astype(np.int32))
    e = e * e
    return np.asarray(np.where(x < -104, _f(0), e / (_f(1) + e)))


def _polynomial(x: np.ndarray, coefficients: Sequence[np.float32]) -> np.ndarray:
    """Return a polynomial by Horner's rule; the highest power's coefficient comes first."""
    y = x * coefficients[0] + coefficients[1]
    for c in coefficients[2:]:
        y = y * x + c
    return y


def _floats(*values: float) -> tuple[np.float32, ...]:
    return tuple(_f(v) for v in values)


_TANH_END = _f(7.90738964)
_TANH_TOP = _floats(1.394553628e-8, 2.102733560e-5, 3.520756727e-3, 1.340216100e-1)
_TANH_BOTTOM = _floats(8.015776984e-7, 3.326951409e-4, 2.597254514e-2, 4.673548340e-1, 1.0)
_LOGISTIC_END = _f(16.6355324)
_LOG2_HIGH, _LOG2_REST = _floats(0.693359375, 2.12194440e-4)  # log(2) is the first less the second
_EXP_EVEN = _floats(4.1898667812347412e-2, 0.49999141693115234)
_EXP_ODD = _floats(8.3347130566835403e-3, 0.16666877269744873)
