"""How a product is cut for a GPU when nothing is measured: always the same way, fit for the device."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from delegraph_opencl.gpu.convolution import ConvProduct, FilterTaps, Phase, by_depth, tiles
from delegraph_opencl.program.geometry import product

LOCAL, GLOBAL = 1, 2  # CL_LOCAL, CL_GLOBAL


def device(units=32, group=1024, local_bytes=48 << 10, kind=LOCAL):
    limits = SimpleNamespace(
        max_work_group_size=group,
        max_work_item_sizes=[group] * 3,
        local_mem_size=local_bytes,
        local_mem_type=kind,
    )
    return SimpleNamespace(units=units, device=SimpleNamespace(found=SimpleNamespace(device=limits)))


def cut(rows, depth, columns, **limits):
    g = product(rows, depth, columns)
    return tiles(ConvProduct(g, Phase(1, 1), None, None, None), device(**limits))


@pytest.mark.parametrize(("kind", "local"), [(LOCAL, 1), (GLOBAL, 0)])
def test_local_memory_is_used_where_it_is_memory_of_its_own(kind, local):
    pytest.importorskip("pyopencl")
    assert cut(3136, 64, 128, kind=kind)[0].local == local


def test_both_kinds_are_among_those_to_measure():
    pytest.importorskip("pyopencl")
    assert {tile.local for tile in cut(3136, 64, 128)} == {0, 1}


def test_no_work_group_is_larger_than_the_device_takes():
    pytest.importorskip("pyopencl")
    assert all(tile.items <= 64 for tile in cut(3136, 64, 128, group=64))


def test_no_tile_needs_more_local_memory_than_there_is():
    pytest.importorskip("pyopencl")
    assert all(tile.local_bytes <= 6000 for tile in cut(3136, 64, 128, local_bytes=6000))


def test_the_depth_is_cut_where_there_are_fewer_tiles_than_compute_units():
    pytest.importorskip("pyopencl")
    assert cut(49, 1024, 1024, units=132)[0].splits > 1
    assert cut(49, 1024, 1024, units=2)[0].splits == 1


def test_many_tiles_are_large_ones():
    pytest.importorskip("pyopencl")
    few, many = cut(196, 256, 64, units=64)[0], cut(65536, 256, 64, units=64)[0]
    assert many.rows * many.columns > few.rows * few.columns


def test_weights_lie_by_depth_with_whole_vectors_of_channels():
    weights = np.arange(2 * 3 * 1 * 2, dtype=np.float32).reshape(2, 3, 1, 2)
    packed = by_depth(weights, FilterTaps(0, 1, 3, 0, 1, 1), 1, half=False)
    assert packed.shape == (1, 6, 8)
    np.testing.assert_array_equal(packed[0, :, :2], [[0, 6], [1, 7], [2, 8], [3, 9], [4, 10], [5, 11]])
    assert not packed[0, :, 2:].any()


def test_a_phase_has_its_taps_last_first():
    weights = np.arange(5, dtype=np.float32).reshape(1, 5, 1, 1)
    packed = by_depth(weights, FilterTaps(4, -2, 3, 0, 1, 1), 1, half=True)
    assert packed.dtype == np.float16
    np.testing.assert_array_equal(packed[0, :, 0], [4, 2, 0])
