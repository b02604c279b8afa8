"""RESIZE_BILINEAR: an image of another size, each pixel mixed from the four nearest.

Source: tflite/kernels/resize_bilinear.cc, internal/reference/resize_bilinear.h (ResizeBilinear,
ResizeBilinearInteger).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import DTYPES, Op, OpSupport, evolve, frozen
from delegraph.rules import image, one_alignment, one_scale_at_most, shape_of

from ..elementwise import quietly
from ..kernel import Kernel
from ._movement import once
from ._resize import new_size, some_pixels


@frozen
class Taps:
    """For each new position along an axis: the two old ones it lies between, and how far along."""

    low: np.ndarray
    high: np.ndarray
    part: np.ndarray  # of the way from low to high; float32, or an integer in units of 1/1024


# Rows come flat, (batch, width * depth): one numpy call works on a whole row while it is in the cache.


def prepare_float(op: Op) -> Kernel:
    """float32: low + (high - low) * part, along the columns first, then along the rows."""

    def resized(x: np.ndarray, rows: Taps, columns: Taps) -> np.ndarray:
        left, image = _sides(x, columns)
        image -= left
        image *= columns.part
        image += left
        out = np.empty((len(x), len(rows.low), image.shape[2]), np.float32)
        for y, (low, high, part) in enumerate(zip(rows.low, rows.high, rows.part, strict=True)):
            row = out[:, y]
            np.subtract(image[:, high], image[:, low], out=row)
            row *= part
            row += image[:, low]
        return out if np.isfinite(out).all() else _products(x, rows, columns, np.float32(0), out)

    return _prepare(op, _float_taps, resized)


def prepare_uint8(op: Op) -> Kernel:
    """uint8: LiteRT adds the four products and 1/2 in float32, in this order, and cuts the fraction off."""

    def resized(x: np.ndarray, rows: Taps, columns: Taps) -> np.ndarray:
        out = np.empty((len(x), len(rows.low), len(columns.part)), np.uint8)
        return _products(x.astype(np.float32), rows, columns, np.float32(0.5), out)

    return _prepare(op, _float_taps, resized)


def _products(x: np.ndarray, rows: Taps, columns: Taps, offset: np.float32, out: np.ndarray) -> np.ndarray:
    """Write the four products, added up with ``offset`` in float32 and in LiteRT's order, and return them.

    Of an infinity that counts 0 they make NaN.
    """
    left, right = _sides(x, columns)
    to_right, to_left = columns.part, 1 - columns.part
    total, product = np.empty_like(left[:, 0]), np.empty_like(left[:, 0])
    for y, (low, high, down) in enumerate(zip(rows.low, rows.high, rows.part, strict=True)):
        up = np.float32(1) - down
        np.multiply(left[:, low], up, out=total)
        total *= to_left
        for side, row, vertical, horizontal in (
            (left, high, down, to_left),
            (right, low, up, to_right),
            (right, high, down, to_right),
        ):
            np.multiply(side[:, row], vertical, out=product)
            product *= horizontal
            total += product
        total += offset
        out[:, y] = total
    return out


def prepare_integers(op: Op) -> Kernel:
    """int8, int16: weights in units of 1/1024, exact products, halves rounded away from zero."""
    dtype = DTYPES[op.outputs[0].dtype].numpy
    wide = np.dtype(np.int32 if dtype.itemsize == 1 else np.int64)  # 20 bits more than a value has
    sign_bit = 8 * wide.itemsize - 1

    def resized(x: np.ndarray, rows: Taps, columns: Taps) -> np.ndarray:
        left, image = _sides(x.astype(wide), columns)
        image -= left
        image *= columns.part
        image += left << 10
        out = np.empty((len(x), len(rows.low), image.shape[2]), dtype)
        total, carry = np.empty_like(image[:, 0]), np.empty_like(image[:, 0])
        for y, (low, high, part) in enumerate(zip(rows.low, rows.high, rows.part, strict=True)):
            np.subtract(image[:, high], image[:, low], out=total)
            total *= part
            total += np.left_shift(image[:, low], 10, out=carry)
            total += np.right_shift(total, sign_bit, out=carry)  # -1 below zero, where halves go down
            total += 1 << 19
            total >>= 20
            out[:, y] = total
        return out

    return _prepare(op, integer_taps, resized)


def _prepare(
    op: Op,
    taps: Callable[[int, int, bool, bool], Taps],
    resized: Callable[[np.ndarray, Taps, Taps], np.ndarray],
) -> Kernel:
    """x: (batch, height, width, depth) -> (batch, new height, new width, depth)."""
    batch, height, width, depth = shape_of(op.inputs[0])
    alignment = bool(op.options.align_corners), bool(op.options.half_pixel_centers)

    def spec(size: np.ndarray) -> tuple[np.ndarray, Taps, Taps, tuple[int, ...]]:
        new_height, new_width = new_size(size)
        used, rows = _used(taps(height, new_height, *alignment))
        columns = taps(width, new_width, *alignment)
        columns = evolve(columns, part=np.repeat(columns.part, depth))
        return used, rows, columns, (batch, new_height, new_width, depth)

    found = once(spec, op.inputs[1])

    @quietly
    def run(x: np.ndarray, size: np.ndarray) -> tuple[np.ndarray]:
        used, rows, columns, shape = found(size)
        x = x if len(used) == height else x.take(used, 1)
        return (resized(x, rows, columns).reshape(shape),)

    return run


def _used(rows: Taps) -> tuple[np.ndarray, Taps]:
    """Return which old rows are used at all, and the taps counted among those."""
    used, places = np.unique(np.concatenate([rows.low, rows.high]), return_inverse=True)
    low, high = np.split(places.reshape(-1), 2)
    return used, evolve(rows, low=low, high=high)


def _sides(x: np.ndarray, columns: Taps) -> tuple[np.ndarray, np.ndarray]:
    """Return for each new column the old one to its left and the one to its right, rows flat."""
    low, high = x.take(columns.low, 2), x.take(columns.high, 2)
    flat = (*x.shape[:2], len(columns.part))
    return low.reshape(flat), high.reshape(flat)


def _float_taps(old: int, new: int, align_corners: bool, half_pixel_centers: bool) -> Taps:
    if align_corners and new > 1:
        scale = np.float32(old - 1) / np.float32(new - 1)
    else:
        scale = np.float32(old) / np.float32(new)
    at = np.arange(new, dtype=np.float32)
    at = (at + np.float32(0.5)) * scale - np.float32(0.5) if half_pixel_centers else at * scale
    low = np.maximum(np.floor(at), 0).astype(np.int64)
    high = np.minimum(np.ceil(at).astype(np.int64), old - 1)
    return Taps(low, high, at - low.astype(np.float32))


def integer_taps(old: int, new: int, align_corners: bool, half_pixel_centers: bool) -> Taps:
    """Return the taps of ``new`` positions over ``old`` ones, in units of 1/1024."""
    if align_corners and new > 1:
        scale = (1024 * (old - 1) + (new - 1) // 2) // (new - 1)
    else:
        scale = (1024 * old + new // 2) // new
    at = np.arange(new) * scale + (scale // 2 - 512 if half_pixel_centers else 0)
    low = np.clip(at // 1024, 0, old - 1)
    high = np.clip(-(-at // 1024), 0, old - 1)
    return Taps(low, high, (at - 1024 * low).astype(np.int32))


_CONSTRAINTS = (image, some_pixels, one_alignment)
_STORED = (*_CONSTRAINTS, one_scale_at_most)
SUPPORT = [
    OpSupport(
        "RESIZE_BILINEAR",
        (1, 4),
        "float32 int32 -> float32",
        constraints=_CONSTRAINTS,
        kernel=prepare_float,
    ),
    OpSupport("RESIZE_BILINEAR", (1, 4), "uint8 int32 -> uint8", constraints=_STORED, kernel=prepare_uint8),
    OpSupport(
        "RESIZE_BILINEAR", (1, 4), "int8 int32 -> int8", constraints=_STORED, kernel=prepare_integers
    ),
]
