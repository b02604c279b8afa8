"""How axes are merged before kernels run over them."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder
from delegraph_opencl.families.elementwise import loop_over
from delegraph_opencl.families.reduce import merged_axes


def test_operands_of_one_shape_are_one_run():
    loop = loop_over((2, 3, 5), [(2, 3, 5), (2, 3, 5)])
    assert (loop.outer, loop.inner) == ((), 30)
    assert loop.strides == ((1,), (1,))


def test_an_operand_per_channel_leaves_rows_of_channels():
    loop = loop_over((2, 3, 5, 8), [(2, 3, 5, 8), (8,)])
    assert (loop.outer, loop.inner) == ((30,), 8)
    assert loop.strides == ((8, 1), (0, 1))


def test_a_mask_of_one_channel_is_the_same_along_a_row():
    loop = loop_over((3, 4, 8), [(3, 4, 1), (3, 4, 8)])
    assert (loop.outer, loop.inner) == ((12,), 8)
    assert loop.strides == ((1, 0), (8, 1))


def test_operands_broadcast_both_ways_keep_their_axes():
    loop = loop_over((4, 3, 5), [(1, 3, 5), (4, 1, 5)])
    assert (loop.outer, loop.inner) == ((4, 3), 5)
    assert loop.strides == ((0, 5, 1), (5, 0, 1))


def test_channels_stay_by_themselves_where_they_matter():
    loop = loop_over((2, 3, 8), [(2, 3, 8)], channelwise=True)
    assert (loop.outer, loop.inner) == ((6,), 8)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1)])
def test_a_single_number_is_a_row_of_one(shape):
    loop = loop_over(shape, [shape])
    assert (loop.outer, loop.inner, loop.rows) == ((), 1, 1)


@pytest.mark.parametrize(
    ("shape", "axes", "outer", "columns", "reduced"),
    [
        ((2, 7, 7, 16), [1, 2], ((2, 784),), 16, ((49, 16),)),
        ((2, 7, 7, 16), [-1], ((98, 16),), 1, ((16, 1),)),
        ((2, 3, 4, 5), [0, 2], ((3, 20),), 5, ((2, 60), (4, 5))),
        ((2, 3), [], (), 6, ()),
        ((2, 3), [0, 1, -1], (), 1, ((6, 1),)),
        ((1, 4, 1), [0, 2], (), 4, ()),
        ((), [0], (), 1, ()),
    ],
)
def test_kept_and_reduced_axes(shape, axes, outer, columns, reduced):
    g = Builder()
    x = g.input(shape, "float32")
    g.op("SUM", [x, g.constant(np.array(axes, np.int32))], [g.tensor((1,), "float32")])
    found = merged_axes(shape, g.model().subgraphs[0].ops[0])
    assert (found.outer, found.columns, found.reduced) == (outer, columns, reduced)
