"""Pools of int16: what is under a window combined into one number, channel by channel."""

from __future__ import annotations

from collections.abc import Iterator

from delegraph import stored_range, window
from delegraph_opencl import Kernel, Launch, Node, Target, blocks, int32s

from ._vectors import STORES, at_once, shared_out, vector_defines


def pooled(combined: str, start: int, value: str) -> Kernel:
    """Return the kernel of a pool.

    :param combined: OpenCL C of ``v``, what there is so far, and ``a``
    :param start: what a window has before the first number
    :param value: of ``v`` and ``n``, the numbers under the window
    """
    defines = (("COMBINED(v, a)", combined), ("VALUE(v, n)", value))
    return Kernel(lambda node, target: _launches(node, target, start, defines))


def _launches(
    node: Node, target: Target, start: int, defines: tuple[tuple[str, str], ...]
) -> Iterator[Launch]:
    x, y, o = node.input(0), node.outputs[0], node.op.options
    if not y.size:
        return
    batch, height, width, channels = x.shape
    rows = window(height, o.filter_height, o.stride_h, 1, o.padding)
    columns = window(width, o.filter_width, o.stride_w, 1, o.padding)
    vector = at_once(channels, target)
    tasks = batch * rows.output * columns.output * blocks(channels, vector)
    each, items, local = shared_out(tasks, target)
    yield Launch(
        STORES + _SOURCE,
        "pooled",
        (
            x,
            y,
            *int32s(tasks, each, height, width, channels, rows.output, columns.output),
            *int32s(rows.size, columns.size, rows.stride, columns.stride, rows.before, columns.before),
            *int32s(start, *stored_range(node.op)),
        ),
        items,
        local,
        (*defines, *vector_defines(vector)),
        (y,),
        y.size * rows.size * columns.size,
    )


_SOURCE = """
__kernel void pooled(__global const short* restrict x, __global short* restrict y, int tasks, int each,
                     int height, int width, int channels, int out_height, int out_width,
                     int filter_height, int filter_width, int stride_y, int stride_x,
                     int pad_top, int pad_left, int start, int low, int high) {
  const int across = (channels + WIDTH - 1) / WIDTH, last = min((int)get_global_id(0) * each + each, tasks);
  for (int task = get_global_id(0) * each; task < last; task++) {
    const int pixel = task / across, c = min((task - pixel * across) * WIDTH, channels - WIDTH);
    const int line = pixel / out_width, column = pixel - line * out_width, image = line / out_height;
    const int top = (line - image * out_height) * stride_y - pad_top, left = column * stride_x - pad_left;
    const int y0 = max(top, 0), y1 = min(top + filter_height, height);
    const int x0 = max(left, 0), x1 = min(left + filter_width, width), n = (y1 - y0) * (x1 - x0);
    INTS v = (INTS)(start);
    for (int iy = y0; iy < y1; iy++)
      for (int ix = x0; ix < x1; ix++) {
        const INTS a = TO_INTS(LOAD_VECTOR(x, ((image * height + iy) * width + ix) * channels + c));
        v = COMBINED(v, a);
      }
    STORE_VECTOR(y, pixel * channels + c, TO_SHORTS(clamp(VALUE(v, n), (INTS)(low), (INTS)(high))));
  }
}
"""
