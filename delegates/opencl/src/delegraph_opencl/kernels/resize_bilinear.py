"""RESIZE_BILINEAR: an image of another size, each pixel mixed from the four nearest.

Source: tflite/delegates/gpu/common/model_builder.cc (Resize2DOperationParser);
tflite/kernels/resize_bilinear.cc; internal/reference/resize_bilinear.h.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from attrs import frozen
from delegraph import Op, OpSupport

from ..elementwise import spread
from ..epilogue import finish
from ..launch import Launch, blocks, int32s
from ..movement import stored, table
from ..node import Kernel, Node, Step
from ..options import Options
from ..target import Target
from ._moves import constants
from ._resize import image, one_alignment
from ._rows import float_rows, same_quantization

_WORK = 8192  # elements of a work-item on a CPU


def support(options: Options) -> Iterable[OpSupport]:
    return float_rows(
        "RESIZE_BILINEAR",
        Kernel(_launches, fuses=True),
        options,
        "T int32 -> T",
        first=(1, 3),
        last=4,
        where=[image, one_alignment, constants("size", 1)],
        quantized_where=[same_quantization],
    )


@frozen(hash=False)
class Taps:
    """For each new position along an axis: the two old ones it lies between, and how far along."""

    low: np.ndarray
    high: np.ndarray
    part: np.ndarray  # of the way from low to high


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    """x: (batch, height, width, depth) -> (batch, new height, new width, depth)."""
    x, (batch, height, width, depth) = node.inputs[0], node.result.shape
    assert x is not None
    if not node.result.size:
        return
    rows, columns = _taps(node.op, x.shape[1], height), _taps(node.op, x.shape[2], width)
    places = np.concatenate([rows.low, rows.high, columns.low, columns.high])
    parts = np.concatenate([rows.part, columns.part])
    vector = (
        next((n for n in (8, 4) if depth >= n), 1)
        if target.variant == "cpu"
        else 4
        if depth % 4 == 0
        else 1
    )
    per_item = max(blocks(_WORK, depth), 1) if target.variant == "cpu" else 1
    epilogue = finish(node, [Step("v * {0}", (float(x.scale),))] if x.scale != 1 else [])
    chunks = 1 if target.variant == "cpu" else depth // vector
    pixels = batch * height * width
    yield Launch(
        epilogue.text + _SOURCE,
        "resize",
        (
            stored(x),
            node.outputs[0],
            table(places),
            table(parts, np.float32),
            *int32s(*x.shape[1:3], height, width, depth, pixels, per_item, chunks),
            *epilogue.args,
        ),
        *spread(blocks(pixels, per_item) * chunks, target),
        (("N", vector), ("V(name)", "name" if vector == 1 else f"name##{vector}")),
        writes=(node.outputs[0],),
        flops=8 * node.result.size,
    )


def _taps(op: Op, old: int, new: int) -> Taps:
    find = _integer_taps if op.outputs[0].dtype == "int8" else _float_taps
    return find(old, new, bool(op.options.align_corners), bool(op.options.half_pixel_centers))


def _float_taps(old: int, new: int, align_corners: bool, half_pixel_centers: bool) -> Taps:
    scale = np.float32(old) / np.float32(new)
    if align_corners and new > 1:
        scale = np.float32(old - 1) / np.float32(new - 1)
    at = np.arange(new, dtype=np.float32)
    at = (at + np.float32(0.5)) * scale - np.float32(0.5) if half_pixel_centers else at * scale
    low = np.maximum(np.floor(at), 0).astype(np.int64)
    high = np.minimum(np.ceil(at).astype(np.int64), old - 1)
    return Taps(low, high, at - low.astype(np.float32))


def _integer_taps(old: int, new: int, align_corners: bool, half_pixel_centers: bool) -> Taps:
    """int8: positions in units of 1/1024, whose steps LiteRT rounds once for the whole axis."""
    scale = (1024 * old + new // 2) // new
    if align_corners and new > 1:
        scale = (1024 * (old - 1) + (new - 1) // 2) // (new - 1)
    at = np.arange(new) * scale + (scale // 2 - 512 if half_pixel_centers else 0)
    low = np.clip(at // 1024, 0, old - 1)
    high = np.clip(-(-at // 1024), 0, old - 1)
    return Taps(low, high, (at - 1024 * low) / 1024)


# A work-item computes ``per_item`` pixels, or one vector of channels of a pixel. Where the depth is no
# multiple of the vector, the last vector overlaps the one before it.
_SOURCE = """
#define BETWEEN(a, b, part) FMA((b) - (a), (V(F))(part), a)

__kernel void resize(__global const REAL* restrict x, __global REAL* restrict y,
                     __global const int* restrict places, __global const float* restrict parts,
                     int old_height, int old_width, int height, int width, int depth, int pixels,
                     int per_item, int chunks EPILOGUE_PARAMS) {
  int item = get_global_id(0) / chunks, chunk = get_global_id(0) % chunks;
  __global const int* columns = places + 2 * height;
  for (int p = item * per_item; p < min(item * per_item + per_item, pixels); p++) {
    int column = p % width, row = p / width % height, top = p / width / height * old_height;
    int upper = (top + places[row]) * old_width, lower = (top + places[height + row]) * old_width;
    int left = columns[column], right = columns[width + column];
    float down = parts[row], along = parts[height + column];
    int first = chunks == 1 ? 0 : chunk * N, last = chunks == 1 ? depth : first + N;
    for (int next = first; next < last; next += N) {
      int c = min(next, depth - N), i = p * depth + c;
      V(F) a = V(LOAD)(x, (upper + left) * depth + c), b = V(LOAD)(x, (upper + right) * depth + c);
      V(F) d = V(LOAD)(x, (lower + left) * depth + c), e = V(LOAD)(x, (lower + right) * depth + c);
      V(F) u = BETWEEN(a, b, along), l = BETWEEN(d, e, along), v = BETWEEN(u, l, down);
      V(STORE)(y, PLACE(i, c), V(EPILOGUE)(v, i, c));
    }
  }
}
"""
