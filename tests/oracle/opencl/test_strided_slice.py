"""STRIDED_SLICE on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes

MASKS = ("begin_mask", "end_mask", "shrink_axis_mask")


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 5, 1, 6), data=st.data())
def test_every_type_gives_a_slice(shape: tuple[int, ...], data: Any) -> None:
    count = data.draw(st.integers(1, len(shape)))
    spec = [data.draw(st.lists(st.integers(-8, 8), min_size=count, max_size=count)) for _ in range(2)]
    strides = data.draw(st.lists(st.sampled_from([-2, -1, 1, 2, 3]), min_size=count, max_size=count))
    masks = {name: data.draw(st.integers(0, 2**count - 1)) for name in MASKS}
    for i in range(count):  # an axis that shrinks takes one element, which must be there
        if masks["shrink_axis_mask"] >> i & 1:
            spec[0][i] = data.draw(st.integers(-shape[i], shape[i] - 1))
            strides[i] = 1
    check_slice(shape, *spec, strides, **masks)


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 4, 1, 3), data=st.data())
def test_new_axes_and_an_ellipsis_may_stand_anywhere(shape: tuple[int, ...], data: Any) -> None:
    count = data.draw(st.integers(1, len(shape) + 1))
    new = data.draw(st.integers(0, 2**count - 1))
    ellipsis = 1 << data.draw(st.integers(0, count - 1)) if data.draw(st.booleans()) else 0
    kept = [i for i in range(count) if not (new | ellipsis) >> i & 1]
    assume(len(kept) < len(shape) if ellipsis else len(kept) <= len(shape))
    shrink = sum(1 << i for i in kept if data.draw(st.booleans()))
    masks = {"new_axis_mask": new, "ellipsis_mask": ellipsis, "shrink_axis_mask": shrink}
    check_slice(shape, [0] * count, [1] * count, [1] * count, **masks)


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_with_offset_the_end_counts_from_the_begin(data: Any) -> None:
    shape = (5, 4)
    begin = [data.draw(st.integers(0, d - 1)) for d in shape]
    length = [data.draw(st.integers(1, d - b)) for d, b in zip(shape, begin, strict=True)]
    strides = [data.draw(st.sampled_from([1, 2])) for _ in shape]
    check_slice(
        shape, begin, length, strides, version=8, resolver="BUILTIN_WITHOUT_DEFAULT_DELEGATES", offset=True
    )


def check_slice(
    shape: tuple[int, ...],
    begin: list[int],
    end: list[int],
    strides: list[int],
    version: int = 4,
    resolver: str = "BUILTIN_REF",
    **options: Any,
) -> None:
    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        spec = [g.constant(np.array(values, np.int32)) for values in (begin, end, strides)]
        y = g.tensor((), dtype, **quantization)
        return g.model([g.op("STRIDED_SLICE", [x, *spec], [y], version=version, **options)])

    check_moves(build, shape, resolver=resolver)
