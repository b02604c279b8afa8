"""Windows over images: what they see, written out position by position."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from delegraph import Op, Record, Tensor, window
from delegraph.rules import real_windows
from delegraph_reference.windows import Windows, windows_of

FILL = -9


def _windows(size: tuple[int, int], stride: int, dilation: int, padding: str, image: np.ndarray) -> Windows:
    height, width, channels = image.shape
    rows = window(height, size[0], stride, dilation, padding)
    columns = window(width, size[1], stride, dilation, padding)
    return Windows(rows, columns, height, width, channels)


def _seen(image: np.ndarray, w: Windows, row: int, column: int) -> list[list[list[int]]]:
    """What one window sees, pixel by pixel."""

    def pixel(i: int, j: int) -> list[int]:
        y = row * w.rows.stride - w.rows.before + i * w.rows.dilation
        x = column * w.columns.stride - w.columns.before + j * w.columns.dilation
        inside = 0 <= y < w.height and 0 <= x < w.width
        return image[y, x].tolist() if inside else [FILL] * w.channels

    return [[pixel(i, j) for j in range(w.columns.size)] for i in range(w.rows.size)]


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(
    ("size", "stride", "dilation"),
    [((1, 1), 1, 1), ((3, 2), 1, 1), ((3, 3), 2, 1), ((2, 3), 1, 2), ((1, 2), 3, 1)],
)
def test_patches_hold_what_each_window_sees(
    size: tuple[int, int], stride: int, dilation: int, padding: str
) -> None:
    image = np.arange(7 * 6 * 2, dtype=np.int8).reshape(7, 6, 2)
    w = _windows(size, stride, dilation, padding, image)
    for first, last in [(0, w.rows.output), (1, w.rows.output)]:
        seen = w.padded(image, first, last, FILL, np.dtype(np.float32))
        patches = w.patches(seen, last - first)
        for row, column in product(range(first, last), range(w.columns.output)):
            assert patches[row - first, column].tolist() == _seen(image, w, row, column)


def test_an_image_that_needs_no_padding_is_not_copied() -> None:
    image = np.zeros((5, 5, 3), np.float32)
    w = _windows((3, 3), 1, 1, "VALID", image)
    assert np.shares_memory(w.padded(image, 1, 3, 0, image.dtype), image)
    assert w.padded(image, 1, 3, 0, image.dtype).shape == (4, 5, 3)


@pytest.mark.parametrize("budget", [1, 100, 10**9])
def test_blocks_cover_all_rows_once(budget: int) -> None:
    w = _windows((3, 3), 1, 1, "SAME", np.zeros((9, 4, 2)))
    rows = [row for first, last in w.blocks(10, budget) for row in range(first, last)]
    assert rows == list(range(9))


@pytest.mark.parametrize(
    ("size", "stride", "expected"), [((1, 1), 1, True), ((1, 1), 2, False), ((1, 2), 1, False)]
)
def test_windows_of_one_pixel_each_are_known(size: tuple[int, int], stride: int, expected: bool) -> None:
    assert _windows(size, stride, 1, "SAME", np.zeros((4, 4, 1))).are_pixels is expected


def _pool(**options: int | str) -> Op:
    x = Tensor(0, "x", "float32", (1, 6, 8, 3))
    defaults = {"padding": "SAME", "stride_h": 2, "stride_w": 1, "filter_height": 3, "filter_width": 2}
    return Op(0, "MAX_POOL_2D", 1, (x,), (x,), Record("Pool2DOptions", defaults | options))


def test_an_op_s_windows_follow_its_options() -> None:
    w = windows_of(_pool(), (1, 6, 8, 3), (3, 2))
    assert (w.positions, w.taps, w.rows.before, w.columns.after) == ((3, 8), 6, 0, 1)


def test_sizes_below_1_are_found() -> None:
    assert real_windows.found(_pool()) is None
    assert real_windows.found(_pool(stride_h=0, filter_width=-1)) == "filter_width = -1, stride_h = 0"
