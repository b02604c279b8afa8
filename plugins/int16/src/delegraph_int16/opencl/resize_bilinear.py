"""RESIZE_BILINEAR: an int16 image of another size, each pixel mixed from the four nearest.

Weights are in units of 1/1024, products exact, halves rounded away from zero.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from delegraph import Op, needs
from delegraph.rules import given, some_size, something_to_pick
from delegraph_opencl import Kernel, Launch, Node, Packed, Target, blocks, int32s
from delegraph_reference import integer_taps

from ..reference import rows_of
from ._claims import as_numpy
from ._vectors import STORES, at_once, shared_out, vector_defines


@needs("a constant size")
def constant_size(op: Op) -> str | None:
    size = given(op, 1)
    return None if size is None or size.is_constant else f"{size.name!r} that is computed"


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    x, y, o = node.input(0), node.outputs[0], node.op.options
    if not y.size:
        return
    _, height, width, channels = x.shape
    alignment = bool(o.align_corners), bool(o.half_pixel_centers)
    rows, columns = (_taps(x.shape[axis], y.shape[axis], *alignment) for axis in (1, 2))
    vector = at_once(channels, target)
    tasks = y.size // channels * blocks(channels, vector)
    each, items, local = shared_out(tasks, target)
    yield Launch(
        STORES + _SOURCE,
        "resized",
        (
            x,
            y,
            Packed(f"{node.op}: rows", lambda: rows),
            Packed(f"{node.op}: columns", lambda: columns),
            *int32s(tasks, each, height, width, channels, *y.shape[1:3]),
        ),
        items,
        local,
        tuple(vector_defines(vector, wide=True)),
        (y,),
        8 * y.size,
    )


def _taps(old: int, new: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    """Return for each new position the old ones on either side and how far it is along, (new, 3)."""
    taps = integer_taps(old, new, align_corners, half_pixel_centers)
    return np.stack([taps.low, taps.high, taps.part], axis=1).astype(np.int32)


_SOURCE = """
#define PIXEL(iy, ix) TO_SUMS(LOAD_VECTOR(x, ((image * height + (iy)) * width + (ix)) * channels + c))
#define BETWEEN(a, b, part) (((a) << 10) + ((b) - (a)) * (long)(part))
__kernel void resized(__global const short* restrict x, __global short* restrict y,
                      __global const int* restrict rows, __global const int* restrict columns,
                      int tasks, int each, int height, int width, int channels,
                      int out_height, int out_width) {
  const int across = (channels + WIDTH - 1) / WIDTH, last = min((int)get_global_id(0) * each + each, tasks);
  for (int task = get_global_id(0) * each; task < last; task++) {
    const int pixel = task / across, c = min((task - pixel * across) * WIDTH, channels - WIDTH);
    const int line = pixel / out_width, image = line / out_height;
    __global const int* row = rows + 3 * (line - image * out_height);
    __global const int* column = columns + 3 * (pixel - line * out_width);
    const SUMS top = BETWEEN(PIXEL(row[0], column[0]), PIXEL(row[0], column[1]), column[2]);
    const SUMS bottom = BETWEEN(PIXEL(row[1], column[0]), PIXEL(row[1], column[1]), column[2]);
    const SUMS v = BETWEEN(top, bottom, row[2]);
    STORE_VECTOR(y, pixel * channels + c, TO_SHORTS((v + (v >> 63) + (1L << 19)) >> 20));
  }
}
"""

SUPPORT = as_numpy(
    rows_of("RESIZE_BILINEAR"), Kernel(_launches), constant_size, some_size, something_to_pick(0)
)
