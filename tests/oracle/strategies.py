"""What hypothesis draws for op tests: shapes, scales at their limits, zero points, windows, activations."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph_conformance.random_values import integer_limits
from hypothesis import strategies as st

ACTIVATIONS = st.sampled_from(["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
PADDINGS = st.sampled_from(["SAME", "VALID"])
STRIDES = st.integers(1, 3)
DILATIONS = st.integers(1, 3)
SEEDS = st.integers(0, 2**32 - 1)


def shapes(
    min_rank: int = 0, max_rank: int = 5, min_side: int = 1, max_side: int = 6
) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes with small sides; ``min_side=0`` draws empty ones too."""
    side = st.integers(min_side, max_side)
    return st.lists(side, min_size=min_rank, max_size=max_rank).map(tuple)


@st.composite
def broadcast_pairs(
    draw: Any, max_rank: int = 4, max_side: int = 5
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes that broadcast: sides of one and missing leading dimensions on either side."""
    full = draw(shapes(1, max_rank, 1, max_side))
    return draw(_shrunk(full)), draw(_shrunk(full))


@st.composite
def _shrunk(draw: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    kept = shape[draw(st.integers(0, len(shape) - 1)) :] if draw(st.booleans()) else shape
    return tuple(1 if draw(st.integers(0, 3)) == 0 else side for side in kept)


def scales(low: float = 1e-6, high: float = 1e3) -> st.SearchStrategy[float]:
    """Scales spread evenly over their logarithm, the limits themselves among them; float32 values."""
    exponents = st.floats(float(np.log10(low)), float(np.log10(high)), allow_nan=False)
    drawn = st.one_of(st.sampled_from([low, high, 1.0, 0.5]), exponents.map(lambda e: 10.0**e))
    return drawn.filter(lambda s: low <= s <= high).map(lambda s: float(np.float32(s)))


def zero_points(dtype: str) -> st.SearchStrategy[int]:
    """Zero points of a type, its limits and 0 often among them; int16 has only 0."""
    if dtype in ("int16", "int32"):
        return st.just(0)
    low, high = integer_limits(dtype)
    return st.one_of(st.sampled_from([low, high, max(low, 0)]), st.integers(low, high))


def quantizations(
    dtype: str, low: float = 1e-6, high: float = 1e3
) -> st.SearchStrategy[dict[str, float | int]]:
    """Keyword arguments for a Builder's tensor: ``{"scale": …, "zero_point": …}``; {} for floats."""
    if dtype.startswith("float"):
        return st.just({})
    return st.fixed_dictionaries({"scale": scales(low, high), "zero_point": zero_points(dtype)})


def axes(rank: int) -> st.SearchStrategy[int]:
    """An axis of a tensor of this rank, counted from either end."""
    return st.integers(-rank, rank - 1)


def permutations(rank: int) -> st.SearchStrategy[tuple[int, ...]]:
    """An order of the axes."""
    return st.permutations(range(rank)).map(tuple)


@st.composite
def windows(draw: Any, max_side: int = 9) -> dict[str, Any]:
    """Options of a 2-D window (height, width, filter, strides, dilations, padding) that leave an output."""
    filter_h, filter_w = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    dilation_h, dilation_w = draw(DILATIONS), draw(DILATIONS)
    reach_h, reach_w = (filter_h - 1) * dilation_h + 1, (filter_w - 1) * dilation_w + 1
    return {
        "height": draw(st.integers(reach_h, max(reach_h, max_side))),
        "width": draw(st.integers(reach_w, max(reach_w, max_side))),
        "filter": (filter_h, filter_w),
        "stride_h": draw(STRIDES),
        "stride_w": draw(STRIDES),
        "dilation_h_factor": dilation_h,
        "dilation_w_factor": dilation_w,
        "padding": draw(PADDINGS),
    }
