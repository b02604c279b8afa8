"""RESIZE_BILINEAR: an image of another size, each pixel mixed from the four nearest.

Source: tflite/delegates/gpu/common/model_builder.cc (Resize2DOperationParser);
tflite/kernels/resize_bilinear.cc; internal/reference/resize_bilinear.h.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import Op, OpSupport, frozen
from delegraph.rules import constant, image, one_alignment, one_scale_at_most, some_size, something_to_pick

from ..families.elementwise import spread
from ..families.movement import stored, table
from ..families.support_rows import float_support, same_quantization
from ..options import Options
from ..program.epilogue import Epilogue, epilogue_of
from ..program.launch import Arg, Launch, blocks, int32s
from ..program.node import Kernel, Node, PostOp, Scratch, Value
from ..program.target import Target

_WORK = 8192  # elements of a work-item on a CPU, at least
_TASKS = 8  # per core


def support(options: Options) -> Iterable[OpSupport]:
    return float_support(
        "RESIZE_BILINEAR",
        Kernel(_launches, fuses=True, narrow=True),
        options,
        "T int32 -> T",
        first=(1, 3),
        last=4,
        constraints=[image, one_alignment, constant("size", 1), some_size, something_to_pick(0)],
        quantized_constraints=[same_quantization, one_scale_at_most],
    )


@frozen(hash=False)
class Taps:
    """For each new position along an axis: the two old ones it lies between, and how far along."""

    low: np.ndarray
    high: np.ndarray
    part: np.ndarray  # of the way from low to high


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    """x: (batch, height, width, depth) -> (batch, new height, new width, depth)."""
    x = node.input(0)
    if not node.result.size:
        return
    epilogue = epilogue_of(node, [PostOp("v * {0}", (float(x.scale),))] if x.scale != 1 else [])
    yield (_by_lines if target.variant == "cpu" else _by_pixels)(node, x, epilogue, target)


def _by_lines(node: Node, x: Value, epilogue: Epilogue, target: Target) -> Launch:
    """Return the launch for a CPU: a work-item computes some lines of the output."""
    (batch, height, width, depth), y = node.result.shape, node.outputs[0]
    lines, line = batch * height, width * depth
    each = max(blocks(lines, _TASKS * target.units), blocks(_WORK, line))
    items, run = blocks(lines, each), depth if epilogue.channelwise else line
    mixed = Scratch(items * 2 * line * 4)
    across, along = _vector(depth, 8), _vector(run, 16)
    defines = (
        *_types(x, y),
        ("N", across),
        ("V(name)", _named("name", across)),
        ("KEEP(p, i, v)", "(p)[i] = v" if across == 1 else _KEEP.format(across)),
        ("M", along),
        ("W(name)", _named("name", along)),
    )
    sizes = int32s(*x.shape[1:3], height, width, depth, lines, each, run)
    args = (stored(x), y, *_tables(node, x), mixed, *sizes, np.float32(x.low), *epilogue.args)
    return Launch(
        epilogue.text + _SHARED + _LINES,
        "resize",
        args,
        *spread(items, target),
        defines,
        writes=(y, mixed),
        flops=8 * node.result.size,
    )


def _by_pixels(node: Node, x: Value, epilogue: Epilogue, target: Target) -> Launch:
    """Return the launch for a GPU: a work-item computes a vector of channels of a pixel."""
    (batch, height, width, depth), y = node.result.shape, node.outputs[0]
    vector = 1 if depth % 4 else 4
    chunks, pixels = depth // vector, batch * height * width
    sizes = int32s(*x.shape[1:3], height, width, depth, pixels, chunks)
    return Launch(
        epilogue.text + _SHARED + _PIXELS,
        "resize",
        (stored(x), y, *_tables(node, x), *sizes, np.float32(x.low), *epilogue.args),
        *spread(pixels * chunks, target),
        (*_types(x, y), ("N", vector), ("V(name)", _named("name", vector))),
        writes=(y,),
        flops=8 * node.result.size,
    )


def _types(x: Value, y: Value) -> tuple[tuple[str, str], ...]:
    from_low = "((v) + (V(F))(low))" if x.low else "(v)"
    return ("X", x.c_type), ("Y", y.c_type), ("FROM_LOW(v)", from_low)


def _vector(size: int, most: int) -> int:
    return next(n for n in (16, 8, 4, 1) if n <= min(size, most))


def _named(name: str, width: int) -> str:
    return name if width == 1 else f"{name}##{width}"


_KEEP = "vstore{0}(convert_float{0}(v), 0, (p) + (i))"


def _tables(node: Node, x: Value) -> tuple[Arg, Arg]:
    """Return where the taps of rows and columns lie, and how far between two of them."""
    _, height, width, _ = node.result.shape
    rows, columns = _taps(node.op, x.shape[1], height), _taps(node.op, x.shape[2], width)
    places = np.concatenate([rows.low, rows.high, columns.low, columns.high])
    return table(places), table(np.concatenate([rows.part, columns.part]), np.float32)


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


# Vectors of channels: where the depth is no multiple of one, the last overlaps the one before it.
_SHARED = """
// Of both, as LiteRT has it: b - a would be NaN of two infinities, and may be larger than any number.
// To the end 0 is added, as LiteRT does: a sum is never -0.0.
#define BETWEEN(a, b, part) FMA(b, part, (a) * (1 - (part)))
#define AT(pixel) FROM_LOW(V(LOAD)(x, (pixel) * depth + c))
"""

# A line of the output lies between two lines of the input. Those are mixed along the columns first, and
# kept while the lines of the output go by that need them.
_LINES = """
static void widen(__global const X* restrict x, __global float* restrict mixed,
                  __global const int* restrict columns, __global const float* restrict parts,
                  int width, int depth, float low) {
  for (int column = 0; column < width; column++) {
    const V(F) part = (V(F))(parts[column]);
    for (int next = 0; next < depth; next += N) {
      const int c = min(next, depth - N);
      V(F) a = AT(columns[column]), b = AT(columns[width + column]);
      KEEP(mixed, column * depth + c, BETWEEN(a, b, part));
    }
  }
}

__kernel void resize(__global const X* restrict x, __global Y* restrict y,
                     __global const int* restrict places, __global const float* restrict parts,
                     __global float* mixed, int old_height, int old_width, int height, int width, int depth,
                     int lines, int each, int run, float low EPILOGUE_PARAMS) {
  const int size = width * depth, old_size = old_width * depth;
  __global const int* columns = places + 2 * height;
  __global float* upper = mixed + get_global_id(0) * 2 * size;
  __global float* lower = upper + size;
  int in_upper = -1, in_lower = -1;  // lines of the input
  const int first = get_global_id(0) * each;
  for (int line = first; line < min(first + each, lines); line++) {
    const int image = line / height, row = line - image * height;
    const int above = image * old_height + places[row], below = image * old_height + places[height + row];
    if (above == in_lower) {
      __global float* other = upper;
      upper = lower;
      lower = other;
      in_lower = in_upper;
      in_upper = above;
    }
    if (above != in_upper) widen(x + above * old_size, upper, columns, parts + height, width, depth, low);
    in_upper = above;
    if (below != above && below != in_lower) {
      widen(x + below * old_size, lower, columns, parts + height, width, depth, low);
      in_lower = below;
    }
    __global const float* under = below == above ? upper : lower;
    const W(F) part = (W(F))(parts[row]);
    for (int start = 0; start < size; start += run)
      for (int next = 0; next < run; next += M) {
        const int c = min(next, run - M), j = start + c, i = line * size + j;
        W(F) a = W(LOADF)(upper, j), b = W(LOADF)(under, j), v = BETWEEN(a, b, part) + 0;
        W(STORE)(y, PLACE(i, c), W(EPILOGUE)(v, i, c));
      }
  }
}
"""

_PIXELS = """
__kernel void resize(__global const X* restrict x, __global Y* restrict y,
                     __global const int* restrict places, __global const float* restrict parts,
                     int old_height, int old_width, int height, int width, int depth, int pixels,
                     int chunks, float low EPILOGUE_PARAMS) {
  int p = get_global_id(0) / chunks, c = get_global_id(0) % chunks * N;
  if (p >= pixels) return;
  __global const int* columns = places + 2 * height;
  int column = p % width, row = p / width % height, top = p / width / height * old_height;
  int upper = (top + places[row]) * old_width, lower = (top + places[height + row]) * old_width;
  int left = columns[column], right = columns[width + column], i = p * depth + c;
  V(F) down = (V(F))(parts[row]), along = (V(F))(parts[height + column]);
  V(F) a = AT(upper + left), b = AT(upper + right), d = AT(lower + left), e = AT(lower + right);
  V(F) u = BETWEEN(a, b, along), l = BETWEEN(d, e, along), v = BETWEEN(u, l, down) + 0;
  V(STORE)(y, PLACE(i, c), V(EPILOGUE)(v, i, c));
}
"""
