"""Exact arithmetic for expected numbers: fractions, and decimals of 80 digits; and a model of one op."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
from delegraph import Builder, Interpreter
from hypothesis import strategies as st

DIGITS = 80
LOW, HIGH = -32768, 32767
Number = Fraction | Decimal


def scales(low: float, high: float) -> st.SearchStrategy[float]:
    """Float32 scales spread over their logarithm, powers of two often among them."""
    exponents = st.floats(float(np.log2(low)), float(np.log2(high)))
    drawn = st.one_of(exponents, exponents.map(round)).map(lambda e: float(np.float32(2.0**e)))
    return drawn.filter(lambda s: low <= s <= high)


def values(count: int, low: int = LOW, high: int = HIGH) -> st.SearchStrategy[np.ndarray]:
    """Arrays of so many int16 values, the ends and 0 often among them."""
    value = st.one_of(st.integers(low, high), st.sampled_from([low, high, max(low, 0), max(low, 1)]))
    return st.lists(value, min_size=count, max_size=count).map(np.int16)


def run(op: str, arrays: Sequence[np.ndarray], *scales_of: float, **rest: Any) -> np.ndarray:
    """Run a model of one op on int16 inputs, and on others as they are.

    :param scales_of: of the int16 inputs in their order, then of the output
    :param rest: ``shape``, ``dtype`` and ``version``, where not as the first input's and 1; ``constants``,
        indices of inputs that are; options
    """
    g = Builder()
    shape, dtype = rest.pop("shape", arrays[0].shape), rest.pop("dtype", "int16")
    version, constants = rest.pop("version", 1), rest.pop("constants", ())
    left = list(scales_of)
    tensors = []
    for i, a in enumerate(arrays):
        stored = {"scale": left.pop(0), "zero_point": 0} if a.dtype == np.int16 else {}
        is_constant = i in constants or a.dtype != np.int16
        tensors.append(g.constant(a, **stored) if is_constant else g.input(a.shape, "int16", **stored))
    stored = {"scale": left[0], "zero_point": 0} if left else {}
    y = g.tensor(shape, dtype, **stored)
    g.op(op, tensors, [y], version=version, **rest)
    given = [a for i, a in enumerate(arrays) if a.dtype == np.int16 and i not in constants]
    return np.asarray(Interpreter(model=g.model(outputs=[y]), delegates=["reference"])(*given))


def rounded(real: Number, scale: float) -> int:
    """Return a real number in steps of a scale: the nearest int16, halves away from zero."""
    with localcontext() as context:
        context.prec = DIGITS
        steps = real / Fraction(scale) if isinstance(real, Fraction) else real / decimal(Fraction(scale))
        whole = int(abs(steps) + (Fraction(1, 2) if isinstance(steps, Fraction) else Decimal("0.5")))
    return max(LOW, min(HIGH, whole if steps >= 0 else -whole))


def real(stored: Any, scale: float) -> Fraction:
    """Return what a stored value stands for."""
    return int(stored) * Fraction(scale)


def decimal(x: Fraction) -> Decimal:
    """Return a fraction to 80 digits."""
    with localcontext() as context:
        context.prec = DIGITS
        return Decimal(x.numerator) / Decimal(x.denominator)


def with_digits(function: Callable[..., Decimal], *x: Fraction | Decimal) -> Decimal:
    """Return a function of numbers, computed with 80 digits."""
    with localcontext() as context:
        context.prec = DIGITS
        return function(*(decimal(v) if isinstance(v, Fraction) else v for v in x))


def sine(x: Fraction) -> Decimal:
    """Return sin(x) by its series, after whole turns are taken off."""

    def series(x: Decimal) -> Decimal:
        turn = 2 * _pi()
        x -= turn * (x / turn).to_integral_value()
        total, term, n = Decimal(0), x, 1
        while abs(term) > Decimal(10) ** -DIGITS:
            total += term
            term *= -x * x / ((n + 1) * (n + 2))
            n += 2
        return total

    return with_digits(series, x)


def cosine(x: Fraction) -> Decimal:
    """Return cos(x) = 1 - 2 sin(x / 2)^2."""
    return with_digits(lambda s: 1 - 2 * s * s, sine(x / 2))


def _pi() -> Decimal:
    """Machin: pi = 16 arctan(1 / 5) - 4 arctan(1 / 239)."""

    def arctan(inverse: int) -> Decimal:
        total, power, n = Decimal(0), Decimal(1) / inverse, 1
        while power > Decimal(10) ** -DIGITS:
            total += power / n if n % 4 == 1 else -power / n
            power /= inverse * inverse
            n += 2
        return total

    return 16 * arctan(5) - 4 * arctan(239)


def fixed_point(real: float) -> tuple[int, int]:
    """Return the multiplier in [2**30, 2**31) and the shift that stand for multiplier * 2**(shift - 31)."""
    fraction, shift = np.frexp(real)
    multiplier = int(np.floor(float(fraction) * 2**31 + 0.5))
    return (multiplier // 2, int(shift) + 1) if multiplier == 1 << 31 else (multiplier, int(shift))


def twice_rounded(x: int, real: float) -> int:
    """MultiplyByQuantizedMultiplier of int32: the high half, then a shift, halves away from zero."""
    multiplier, shift = fixed_point(real)
    high = (x * 2 ** max(shift, 0) * multiplier + (1 << 30)) >> 31
    right = max(-shift, 0)
    whole = (abs(high) + (1 << right >> 1)) >> right
    return whole if high >= 0 else -whole


def reduced(x: int, real: float) -> int:
    """MultiplyByQuantizedMultiplier of int64: a multiplier of 15 bits, halves upward."""
    multiplier, shift = fixed_point(real)
    cut = (multiplier + (1 << 15)) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
    return (x * cut + (1 << (14 - shift))) >> (15 - shift)


def saturated(x: int) -> int:
    return max(LOW, min(HIGH, x))


def each(function: Callable[[Any], int], stored: Iterable[Any]) -> list[int]:
    return [function(q) for q in stored]
