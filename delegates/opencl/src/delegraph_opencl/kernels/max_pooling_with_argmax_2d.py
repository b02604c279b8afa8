"""MaxPoolingWithArgmax2D: the largest value of each window, and where in its window it lies (MediaPipe).

Source: tflite/delegates/gpu/common/mediapipe/default/custom_parsers.cc;
mediapipe/util/tflite/operations/max_pool_argmax.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from delegraph import InputError, Op, OpSupport, Shape, needs, shape_text
from delegraph.rules import operand_shape, stateless

from ..families.elementwise import spread
from ..families.mediapipe import PoolOptions, pool_of, real_pool
from ..options import Options
from ..program.epilogue import LIMITS
from ..program.launch import Launch, blocks, int32s
from ..program.node import Kernel, Node
from ..program.target import Target

_WORK = 4096  # elements of a work-item on a CPU


def support(options: Options) -> Iterable[OpSupport]:
    yield OpSupport(
        "MaxPoolingWithArgmax2D",
        (1, 1),
        "float32 -> float32 float32",
        (stateless, real_pool, images, small_window),
        Kernel(_launches),
        rtol=2.0**-11 if options.precision == "float16" else 0.0,
        shapes=shapes,
    )


@needs("x (batch, height, width, channels)")
def images(op: Op) -> str | None:
    x = operand_shape(op)
    return None if len(x) == 4 else f"{shape_text(x)}"


@needs("a window of at most twice the image's size")
def small_window(op: Op) -> str | None:
    """A larger one would see nothing more, and take as long as its size says."""
    (height, width), (_, rows, columns, _) = pool_of(op).size, operand_shape(op)
    small = height <= 2 * rows and width <= 2 * columns
    return None if small else f"{height} x {width} for {rows} x {columns}"


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    x = given[0]
    if x is None:
        return [None, None]
    if len(x) != 4 or real_pool.found(op):
        raise InputError(f"{op} needs images and {real_pool.rule}, found {shape_text(x)} and {pool_of(op)}")
    rows, columns = pool_of(op).windows(x)
    return [(x[0], rows.output, columns.output, x[3])] * 2


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    """A place is row * filter width + column in the window, and 0.1 so that rounding down gives it back."""
    x, (values, places), pool = node.input(0), node.outputs, pool_of(node.op)
    if not values.size:
        return
    rows, columns = pool.windows(x.shape)
    channels = x.shape[3]
    vector = next(n for n in (8, 4, 1) if channels % n == 0)
    count = values.size // vector
    per_item = max(_WORK // vector, 1) if target.variant == "cpu" else 1
    numbers = (count, per_item, *x.shape[1:3], channels // vector, rows.output, columns.output)
    steps = (*pool.size, *pool.strides, rows.before, columns.before)
    yield Launch(
        _SOURCE,
        "largest",
        (x, values, places, *int32s(*numbers, *steps), *_limits(pool)),
        *spread(blocks(count, per_item), target),
        (("N", vector), ("V(name)", "name" if vector == 1 else f"name##{vector}")),
        writes=(values, places),
    )


def _limits(pool: PoolOptions) -> tuple[np.generic, ...]:
    return tuple(np.float32(limit) for limit in LIMITS.get(pool.activation, (-np.inf, np.inf)))


_SOURCE = """
__kernel void largest(__global const REAL* restrict x, __global REAL* restrict values,
                      __global REAL* restrict places, int n, int per_item,
                      int height, int width, int vectors, int rows, int columns,
                      int size_y, int size_x, int stride_y, int stride_x, int before_y, int before_x,
                      float low, float high) {
  int i = get_global_id(0) * per_item, last = min(i + per_item, n);
  int c = i % vectors, column = i / vectors % columns, line = i / vectors / columns;  // lines of all images
  for (; i < last; i++) {
    int row = line % rows, image = line / rows;
    int top = row * stride_y - before_y, left = column * stride_x - before_x;
    V(F) most = (V(F))(-MAXFLOAT), place = (V(F))(0);
    for (int ky = max(0, -top); ky < min(size_y, height - top); ky++)
      for (int kx = max(0, -left); kx < min(size_x, width - left); kx++) {
        int from = ((image * height + top + ky) * width + left + kx) * vectors + c;
        V(F) v = V(LOAD)(x, from * N);
        place = (v > most) ? (V(F))(ky * size_x + kx) : place;
        most = (v > most) ? v : most;
      }
    V(STORE)(values, i * N, fmin(fmax(most, (F)low), (F)high));
    V(STORE)(places, i * N, place + (F)0.1f);
    if (++c == vectors) {
      c = 0;
      if (++column == columns) column = 0, line++;
    }
  }
}
"""
