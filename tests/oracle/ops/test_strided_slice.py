"""STRIDED_SLICE against LiteRT."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from strategies import shapes

MASKS = ("begin_mask", "end_mask", "shrink_axis_mask")


@settings(max_examples=60, deadline=None)
@given(shape=shapes(1, 5, 1, 4), data=st.data(), computed=st.booleans())
def test_every_type_gives_a_slice(shape: tuple[int, ...], data: Any, computed: bool) -> None:
    count = data.draw(st.integers(1, len(shape)))
    spec = [data.draw(st.lists(st.integers(-6, 6), min_size=count, max_size=count)) for _ in range(2)]
    strides = data.draw(st.lists(st.sampled_from([-2, -1, 1, 2, 3]), min_size=count, max_size=count))
    masks = {name: data.draw(st.integers(0, 2**count - 1)) for name in MASKS}
    for i in range(count):  # an axis that shrinks takes one element, which must be there
        if masks["shrink_axis_mask"] >> i & 1:
            spec[0][i] = data.draw(st.integers(-shape[i], shape[i] - 1))
            strides[i] = 1
    check_slice(shape, *spec, strides, computed, **masks)


@settings(max_examples=60, deadline=None)
@given(shape=shapes(1, 4, 1, 3), data=st.data())
def test_new_axes_and_an_ellipsis_may_stand_anywhere(shape: tuple[int, ...], data: Any) -> None:
    count = data.draw(st.integers(1, len(shape) + 1))
    new = data.draw(st.integers(0, 2**count - 1))
    ellipsis = 1 << data.draw(st.integers(0, count - 1)) if data.draw(st.booleans()) else 0
    kept = [i for i in range(count) if not (new | ellipsis) >> i & 1]
    assume(len(kept) < len(shape) if ellipsis else len(kept) <= len(shape))
    shrink = sum(1 << i for i in kept if data.draw(st.booleans()))
    masks = {"new_axis_mask": new, "ellipsis_mask": ellipsis, "shrink_axis_mask": shrink}
    check_slice(shape, [0] * count, [1] * count, [1] * count, False, **masks)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), computed=st.booleans())
def test_with_offset_the_end_counts_from_the_begin(data: Any, computed: bool) -> None:
    shape = (5, 4)
    begin = [data.draw(st.integers(0, d - 1)) for d in shape]
    length = [data.draw(st.integers(1, d - b)) for d, b in zip(shape, begin, strict=True)]
    strides = [data.draw(st.sampled_from([1, 2])) for _ in shape]
    options: dict[str, Any] = {
        "offset": True,
        "version": 8,
        "resolver": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
    }
    check_slice(shape, begin, length, strides, computed, **options)


@pytest.mark.parametrize(
    ("begin", "stride", "options", "message"),
    [
        (0, 0, {}, "needs strides other than 0, found 0"),
        (3, 1, {"shrink_axis_mask": 1}, "needs an index from -3 to 2, found 3"),
    ],
)
def test_a_spec_that_selects_nothing_is_an_input_error(
    begin: int, stride: int, options: dict[str, Any], message: str
) -> None:
    from delegraph_reference.kernels.strided_slice import SUPPORT

    g = Builder()
    x, *spec = g.input((3,), "float32"), *(g.input((1,), "int32") for _ in range(3))
    y = g.op("STRIDED_SLICE", [x, *spec], [g.tensor((1,), "float32")], **options)
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match=message):
        run(np.zeros(3, np.float32), *(np.array([v], np.int32) for v in (begin, 3, stride)))


def check_slice(
    shape: tuple[int, ...],
    begin: list[int],
    end: list[int],
    strides: list[int],
    computed: bool,
    *,
    version: int = 4,
    resolver: str = "BUILTIN_REF",
    **options: Any,
) -> None:
    def build(g: Builder, dtype: str, computed: bool = False) -> Model:
        x = g.input(shape, dtype)
        spec = [operand(g, values, computed) for values in (begin, end, strides)]
        y = g.tensor((), dtype)
        return g.model([g.op("STRIDED_SLICE", [x, *spec], [y], version=version, **options)])

    (moved,) = check_moves(build, shape, resolver=resolver)
    if computed and moved.size:  # LiteRT's Python interface cannot read an empty tensor of unknown shape
        others = [np.array(v, np.int32) for v in (begin, end, strides)]
        check_moves(partial(build, computed=True), shape, *others, resolver=resolver)
