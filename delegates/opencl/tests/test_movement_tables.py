"""The tables of ops that move values: made shorter, joined, cut in strips and runs, they say the same."""

from __future__ import annotations

import math

import numpy as np
from delegraph_opencl.families import movement
from delegraph_opencl.families.movement import OUTSIDE, _Axis, _Block, strides_of, tables_of
from hypothesis import given, settings
from hypothesis import strategies as st


@st.composite
def tables(draw: st.DrawFn) -> list[np.ndarray]:
    """A tensor's tables: transposed, and on each axis sliced, reversed, padded, repeated or left alone."""
    shape = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    found = draw(st.permutations(tables_of(shape)))
    return [_changed(draw, table) for table in found]


def _changed(draw: st.DrawFn, table: np.ndarray) -> np.ndarray:
    for change in draw(st.lists(st.sampled_from(["slice", "reverse", "pad", "repeat"]), max_size=3)):
        if change == "slice":
            table = table[draw(st.integers(0, len(table) - 1)) :: draw(st.integers(1, 2))]
        elif change == "reverse":
            table = table[::-1]
        elif change == "pad":
            around = draw(st.tuples(st.integers(0, 8), st.integers(0, 8)))
            table = np.pad(table, around, constant_values=OUTSIDE)
        else:
            table = np.tile(table, draw(st.integers(1, 3)))
    return table


def written(block: _Block, unit: int, size: int) -> np.ndarray:
    """Return for each element of the output where it comes from; -2 where nothing is written."""
    found = np.full(size, -2)
    a, b, c = (axis.sources for axis in block.axes)
    outside = (a[:, None, None] < 0) | (b[:, None] < 0) | (c < 0)
    source = a[:, None, None] + b[:, None] + c
    steps = [np.arange(len(axis)) * axis.stride for axis in block.axes]
    to = block.start + steps[0][:, None, None] + steps[1][:, None] + steps[2]
    for i in range(unit):
        found[to * unit + i] = np.where(outside, OUTSIDE, source * unit + i)
    return found


def expected(sources: list[np.ndarray]) -> np.ndarray:
    whole = np.zeros(1, np.int64)
    for table in sources:
        whole = movement.joined(whole, table)
    return whole


@settings(max_examples=700, derandomize=True, deadline=None)
@given(sources=tables(), most=st.sampled_from([1, 2, 4, 16]))
def test_every_form_of_the_tables_moves_the_same(sources: list[np.ndarray], most: int) -> None:
    sizes = [len(table) for table in sources]
    axes = [_Axis(t, s) for t, s in zip(sources, strides_of(sizes), strict=True)]
    block, unit = movement._widened(movement._condensed(axes, 0), most)
    block = movement._tiled(block)
    assert (written(block, unit, math.prod(sizes)) == expected(sources)).all()
    inner = block.axes[-1].sources
    runs = movement._runs(block.axes[-1])
    for first, source, length in [] if runs is None else runs:
        run = np.full(length, OUTSIDE) if source < 0 else source + np.arange(length)
        assert (np.maximum(inner[first : first + length], OUTSIDE) == run).all()
