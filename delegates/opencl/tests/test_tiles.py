"""Tiles of sums: as large as the registers of a CPU, and right whichever are chosen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from delegraph import Builder
from delegraph_opencl.cpu.tiles import tile_sizes
from delegraph_opencl.device.device import Device

X86 = "OpenCL 3.0 PoCL HSTR: pthread-x86_64-pc-linux-gnu-"


def sizes(lanes):
    return tile_sizes(SimpleNamespace(lanes=lanes))


@pytest.mark.parametrize(
    ("lanes", "rows", "channels", "tile"),
    [
        (16, 3136, 64, (7, 2)),
        (16, 3136, 48, (7, 3)),
        (16, 49, 1024, (7, 2)),
        (16, 25, 32, (5, 2)),
        (16, 1, 1000, (1, 8)),
        (16, 1, 64, (1, 2)),
        (16, 3, 10, (1, 1)),
        (8, 3136, 64, (6, 1)),
        (8, 3136, 48, (6, 1)),
        (8, 49, 1024, (5, 1)),
        (8, 25, 32, (5, 1)),
        (8, 1, 1000, (1, 4)),
        (8, 1, 64, (1, 1)),
        (4, 3136, 64, (6, 1)),
    ],
)
def test_a_tile_of_rows_and_vectors_by_the_width_of_registers(lanes, rows, channels, tile):
    assert (sizes(lanes).rows(rows), sizes(lanes).vectors(rows, channels)) == tile


@pytest.mark.parametrize(("lanes", "registers"), [(16, 32), (8, 16)])
def test_every_tile_fits_the_registers(lanes, registers):
    """With the weights of a step, which a single row needs but once, and a number of a row."""
    each = 16 // lanes  # registers of a vector of 16 channels
    for rows in (1, 2, 5, 7, 20, 48, 49, 98, 10000):
        for channels in (1, 16, 17, 40, 48, 64, 100, 1001):
            height, width = sizes(lanes).rows(rows), sizes(lanes).vectors(rows, channels) * each
            weights = 1 if height == 1 else width
            assert height * width + weights + 1 <= registers, (rows, channels)
    assert (sizes(lanes).tall + 1) * each + 1 <= registers


@pytest.mark.parametrize(
    ("stated", "version", "renamed", "lanes"),
    [
        (16, X86 + "skylake-avx512", "", 16),
        (16, X86 + "generic", "skx", 16),
        (16, X86 + "generic", "haswell", 8),
        (16, X86 + "znver3", "", 8),
        (8, X86 + "haswell", "", 8),
        (8, "OpenCL 3.0 (Build 0)", "", 8),
        (1, "OpenCL 3.0 CUDA", "", 1),
    ],
)
def test_registers_are_those_of_the_cpu_that_the_driver_compiles_for(stated, version, renamed, lanes):
    found = SimpleNamespace(device=SimpleNamespace(native_vector_width_float=stated, version=version))
    assert Device.lanes.func(SimpleNamespace(found=found, cpu=renamed)) == lanes


@pytest.mark.parametrize("lanes", [8, 16])
@pytest.mark.parametrize(("rows", "channels"), [(1, 70), (5, 20), (50, 16), (100, 40), (120, 8), (8, 3)])
def test_products_are_the_same_with_any_tile(interpret, lanes, rows, channels, monkeypatch):
    monkeypatch.setattr(Device, "lanes", property(lambda device: lanes))
    depth = 9
    numbers, given = _whole((channels, depth), 7), _whole((rows, depth), 5)
    g = Builder()
    x = g.input((rows, depth), "float32")
    y = g.tensor((rows, channels), "float32")
    g.op("FULLY_CONNECTED", [x, g.constant(numbers), None], [y])
    with interpret(g.model(), require_full_delegation=True) as interpreter:
        (found,) = interpreter.run({x.index: given}).values()
    np.testing.assert_array_equal(found, given @ numbers.T)  # whole numbers: exact


@pytest.mark.parametrize(
    ("channels", "filters"), [(8, 1), (8, 2), (8, 4), (3, 5), (40, 8), (48, 8), (48, 3)]
)
def test_windows_of_few_filters_are_the_same_with_any_tile(interpret, channels, filters):
    """Of 8 in a vector; of 1 and 2 a vector holds numbers side by side under a window."""
    weights, image = _whole((filters, 3, 3, channels), 7), _whole((2, 9, 13, channels), 5)
    g = Builder()
    x, y = g.input(image.shape, "float32"), g.tensor((2, 9, 13, filters), "float32")
    g.op("CONV_2D", [x, g.constant(weights), None], [y], padding="SAME", stride_h=1, stride_w=1)
    with interpret(g.model(), require_full_delegation=True) as interpreter:
        (found,) = interpreter.run({x.index: image}).values()
    around = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(around, (3, 3), (1, 2))
    np.testing.assert_array_equal(found, np.einsum("nyxcij,oijc->nyxo", windows, weights))


def _whole(shape, modulus):
    return (np.arange(np.prod(shape)) % modulus - 2).reshape(shape).astype(np.float32)
