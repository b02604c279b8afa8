"""Functions of float32 arrays that are right to within one unit in the last place, on every processor.

numpy's own float32 exp errs by 2.4 units in the last place, log and arctan2 by more than 3, and how much
depends on the processor; LiteRT's C library errs by about half a unit. So these compute in float64 and
round once. numpy does that in blocks that stay in the cache.

Source: tflite/kernels/internal/reference/{logistic,gelu}.h for the order of the roundings.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

_ONE = np.ones((), np.float32)  # which numpy adds in half the time that a scalar takes
_BLOCK = 1 << 14  # elements: several float64 arrays of this size stay in a second-level cache


def _rounded_once(ufunc: np.ufunc) -> Callable[..., np.ndarray]:
    """Return ``ufunc`` for float32 operands: computed in float64, rounded to float32 at the end."""

    def function(*operands: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if out is None:
            shape = operands[0].shape if len(operands) == 1 else np.broadcast(*operands).shape
            out = np.empty(shape, np.float32)
        return ufunc(*operands, out=out, dtype=np.float64, casting="same_kind")  # type: ignore[no-any-return]

    return function


exp = _rounded_once(np.exp)
expm1 = _rounded_once(np.expm1)
log = _rounded_once(np.log)
tanh = _rounded_once(np.tanh)
power = _rounded_once(np.power)
arctan2 = _rounded_once(np.arctan2)


def logistic(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)), rounded after each step."""
    y: np.ndarray = np.negative(x, np.empty(x.shape, x.dtype))
    exp(y, out=y)
    y += _ONE
    return np.reciprocal(y, y)  # type: ignore[no-any-return]


def erfc(x: np.ndarray) -> np.ndarray:
    """Return the complementary error function 1 - erf(x), float32."""
    y = np.empty(x.shape, np.float32)
    values, results = x.reshape(-1), y.reshape(-1)
    for start in range(0, x.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        results[block] = _erfc(values[block].astype(np.float64))
    return y


def gelu(x: np.ndarray) -> np.ndarray:
    """Return x * P(X <= x), X normally distributed, by way of erfc; float16 is rounded at each step."""
    number = x.dtype.type
    y: np.ndarray = erfc(x * number(-np.sqrt(0.5))).astype(x.dtype, copy=False)
    y *= number(0.5) * x
    return y


def gelu_by_tanh(x: np.ndarray) -> np.ndarray:
    """Return the usual approximation of GELU: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""
    number = x.dtype.type
    y: np.ndarray = np.asarray(number(0.044715) * (x * x * x))
    y += x
    y *= number(np.sqrt(2 / np.pi))
    y = tanh(y.astype(np.float32, copy=False)).astype(x.dtype, copy=False)
    y += number(1)
    y *= number(0.5) * x
    return y


def _erfc(x: np.ndarray) -> np.ndarray:
    # With z = |x| and t = 2 / (2 + z), erfc(z) = t exp(P(2t - 1) - z^2): what P fits is smooth on all of
    # (-1, 1], and the relative error stays below 2e-9.
    z = np.abs(x)
    t = 2 / (2 + z)
    u = t + t
    u -= 1
    *lower, highest = _erfc_coefficients()
    exponent = np.full_like(u, highest)
    for coefficient in reversed(lower):
        exponent *= u
        exponent += coefficient
    z *= z
    exponent -= z
    tail = np.exp(exponent, out=exponent)
    tail *= t
    return np.asarray(np.where(x < 0, 2 - tail, tail))


# Chebyshev coefficients of log(erfc(z) exp(z^2) / t) with z = 2 / t - 2, as a function of 2t - 1.
_CHEBYSHEV = (
    -1.3026537197817094342 / 2,
    0.6419697923564902603,
    0.019476473204185836312,
    -0.0095615147868086316419,
    -0.0009465953444820368663,
    0.00036683949785276145187,
    0.000042523324806907771645,
    -0.000020278578112534243154,
    -1.6242900046470255135e-6,
    1.3036558355805232018e-6,
    1.5626441722066143178e-8,
    -8.5238095914926542525e-8,
    6.5290544390988514964e-9,
    5.0593434955514689418e-9,
)


@cache
def _erfc_coefficients() -> list[float]:
    """Return those of 1, u, u^2, ...: numpy's polynomials are imported for a model that has an erfc."""
    return np.polynomial.chebyshev.cheb2poly(_CHEBYSHEV).tolist()  # type: ignore[no-any-return]
