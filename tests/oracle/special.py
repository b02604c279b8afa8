"""Special values for any op: infinities, NaN, signed zeros, the smallest and the largest floats.

``feeds(dtypes, arrays)`` yields copies of a model's inputs with such values strewn among the ordinary ones,
for any delegate to run; integers stay as they are. ``MOODS`` says which values stand together: where NaN
stands in every sum, nothing else can be seen, so each kind also comes alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from attrs import frozen
from numpy.random import PCG64

FLOATS = ("float32", "float16", "bfloat16", "float64", "complex64", "complex128")

# In units of a type's own limits: the largest value, the smallest normal one, the smallest of all.
_LARGE, _NORMAL, _TINY = "large", "normal", "tiny"
_Value = float | tuple[str, float]  # a number, or (limit, factor)

MOODS: Mapping[str, tuple[_Value, ...]] = {
    "zeros": (0.0, -0.0),
    "infinities": (np.inf, -np.inf),
    "masks": (-np.inf,),
    "nan": (np.nan,),
    "small": ((_TINY, 1), (_TINY, -1), (_NORMAL, 1), (_NORMAL, -1), (_NORMAL, 0.5), (_NORMAL, -0.5), -0.0),
    "large": ((_LARGE, 1), (_LARGE, -1), (_LARGE, 0.5), (_LARGE, -0.5)),
    "halves": (0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 1.0, -1.0),
}
MIXED = "mixed"  # all of them together but the largest, whose sums leave the range in some orders only
SHARES = (2, 9)  # one place of two, one of nine


@frozen
class Feed:
    """Arrays for a model's inputs, and the name of what was strewn among them."""

    name: str  # "nan, one of 9"
    mood: str  # one of MOODS, or MIXED
    arrays: tuple[np.ndarray, ...]


def feeds(
    dtypes: Sequence[str],
    arrays: Sequence[np.ndarray],
    *,
    seed: int = 0,
    moods: Sequence[str] = (*MOODS, MIXED),
    shares: Sequence[int] = SHARES,
) -> Iterator[Feed]:
    """Yield arrays with special values in them, for each mood and each share.

    :param dtypes: tensor types in the schema's spelling; bfloat16 is stored in uint16
    :param arrays: ordinary values, of which about one in ``share`` is replaced
    """
    for mood in moods:
        for share in shares:
            strewn_in = tuple(
                strewn(a, dtype, mood, share, seed + k)
                for k, (a, dtype) in enumerate(zip(arrays, dtypes, strict=True))
            )
            yield Feed(f"{mood}, one of {share}", mood, strewn_in)


def strewn(array: np.ndarray, dtype: str, mood: str, share: int, seed: int) -> np.ndarray:
    """Return an array with values of a mood in about one place of ``share``; floats only."""
    if dtype not in FLOATS or not array.size:
        return array
    if array.dtype.kind == "c":
        halves = ((array.real, seed), (array.imag, seed + 1000))
        parts = [strewn(part, _PART[dtype], mood, share, each) for part, each in halves]
        return _complex(*parts, array.dtype)
    values = values_of(mood, dtype)
    bits = PCG64(seed).random_raw(array.size).reshape(array.shape)
    chosen = bits % np.uint64(share) == 0
    return np.where(chosen, values[(bits >> np.uint64(8)) % np.uint64(len(values))], array)


def values_of(mood: str, dtype: str) -> np.ndarray:
    """Return the values of a mood as they are stored in a type of real numbers."""
    chosen = [name for name in MOODS if name != "large"] if mood == MIXED else [mood]
    named = [value for name in chosen for value in MOODS[name]]
    if dtype == "bfloat16":
        single = np.array([_number(v, _BFLOAT16) for v in named], np.float32)
        return (single.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
    limits = _limits(np.dtype(dtype))
    return np.array([_number(v, limits) for v in named]).astype(dtype)


def _number(value: _Value, limits: Mapping[str, float]) -> float:
    return limits[value[0]] * value[1] if isinstance(value, tuple) else value


def _limits(dtype: np.dtype) -> Mapping[str, float]:
    info = np.finfo(dtype)
    return {_LARGE: float(info.max), _NORMAL: float(info.tiny), _TINY: float(info.smallest_subnormal)}


def _complex(real: np.ndarray, imaginary: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Join two parts; real + 1j * imaginary would make NaN of infinities."""
    joined = np.empty(real.shape, dtype)
    joined.real, joined.imag = real, imaginary
    return joined


_PART = {"complex64": "float32", "complex128": "float64"}
_BFLOAT16 = {_LARGE: float(np.uint32(0x7F7F0000).view(np.float32)), _NORMAL: 2.0**-126, _TINY: 2.0**-133}
