"""Ops that move values, or pick and order them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from delegraph import DTYPES

from ..draft import IN_BLOCKS, Draft
from ..recipe import Variants

SHAPE = (2, 3, 4)
IMAGE = (1, 4, 4, 4)


Shape = Sequence[int]


def reshape(
    d: Draft,
    t: str,
    i: str,
    shape: Shape = SHAPE,
    new: Shape = (6, 4),
    asked: Shape = (),
    option: bool = False,
) -> None:
    x, asked = d.input(shape, t, **d.stored(t)), list(asked or new)
    sizes = [] if option else [d.index(asked, i)]
    d.op([x, *sizes], [d.output(new, t, **d.stored(t))], new_shape=asked)


RESHAPES: Variants = {
    "by its option": {"option": True},
    "a size left open": {"asked": (2, -1, 4), "new": (2, 3, 4), "shape": (6, 4)},
    "to rank 5": {"new": (2, 1, 3, 2, 2)},
    "to rank 1": {"new": (24,)},
    "size zero": {"shape": (2, 0, 3), "new": (0, 6)},
}


def transpose(d: Draft, t: str, i: str, shape: Shape = SHAPE, order: Shape = (2, 0, 1)) -> None:
    x = d.input(shape, t, **d.stored(t))
    y = d.output([shape[axis] for axis in order], t, **d.stored(t))
    d.op([x, d.index(list(order), i)], [y])


TRANSPOSES: Variants = {
    "a matrix": {"shape": (3, 5), "order": (1, 0)},
    "channels first": {"shape": (2, 3, 4, 5), "order": (0, 3, 1, 2)},
    "as it was": {"order": (0, 1, 2)},
    "rank 5": {"shape": (2, 1, 3, 2, 4), "order": (4, 2, 0, 3, 1)},
    "size zero": {"shape": (2, 0, 3), "order": (2, 1, 0)},
}


def squeeze(d: Draft, t: str, shape: Shape = (2, 1, 3), dims: Shape = (1,), new: Shape = (2, 3)) -> None:
    x = d.input(shape, t, **d.stored(t))
    d.op([x], [d.output(new, t, **d.stored(t))], squeeze_dims=list(dims))


SQUEEZES: Variants = {
    "all of one": {"shape": (1, 2, 1, 3), "dims": ()},
    "from the end": {"shape": (1, 2, 3, 1), "dims": (-1,), "new": (1, 2, 3)},
    "to rank 0": {"shape": (1, 1), "dims": (), "new": ()},
}


def expand_dims(d: Draft, t: str, i: str, shape: Shape = SHAPE, axis: int = 1) -> None:
    x, at = d.input(shape, t, **d.stored(t)), axis % (len(shape) + 1)
    y = d.output([*shape[:at], 1, *shape[at:]], t, **d.stored(t))
    d.op([x, d.index([axis], i)], [y])


EXPANSIONS: Variants = {
    "at the end": {"axis": -1},
    "rank 0": {"shape": (), "axis": 0},
    "to rank 5": {"shape": (2, 3, 1, 2), "axis": 0},
    "in front": {"shape": (3, 4), "axis": 0},
}


def slice_(
    d: Draft,
    t: str,
    i: str,
    shape: Shape = SHAPE,
    begin: Shape = (0, 1, 1),
    size: Shape = (2, 2, 2),
    new: Shape = (2, 2, 2),
) -> None:
    x = d.input(shape, t, **d.stored(t))
    d.op([x, d.index(list(begin), i), d.index(list(size), i)], [d.output(new, t, **d.stored(t))])


SLICES: Variants = {
    "to the end": {"begin": (1, 0, 2), "size": (-1, -1, -1), "new": (1, 3, 2)},
    "rank 5": {
        "shape": (2, 3, 2, 1, 4),
        "begin": (1, 0, 1, 0, 1),
        "size": (1, 2, 1, 1, 3),
        "new": (1, 2, 1, 1, 3),
    },
    "rank 1": {"shape": (7,), "begin": (2,), "size": (3,), "new": (3,)},
}


def strided_slice(
    d: Draft,
    t: str,
    i: str,
    shape: Shape = SHAPE,
    spec: Sequence[Shape] = ((0, 1, 0), (2, 3, 4), (1, 1, 2)),
    new: Shape = (2, 2, 2),
    **masks: int,
) -> None:
    x = d.input(shape, t, **d.stored(t))
    d.op([x, *(d.index(list(v), i) for v in spec)], [d.output(new, t, **d.stored(t))], **masks)


STRIDES: Variants = {
    "strides of one": {"spec": ((0, 1, 0), (2, 3, 3), (1, 1, 1)), "new": (2, 2, 3)},
    "backwards": {"spec": ((1, -1, 3), (-3, 0, 0), (-1, -1, -2)), "new": (2, 2, 2)},
    "masks": {"spec": ((1, 1, 1), (1, 2, 2), (1, 1, 1)), "begin_mask": 1, "end_mask": 4, "new": (1, 1, 3)},
    "an axis less": {"spec": ((1, 0, 0), (2, 3, 4), (1, 1, 1)), "shrink_axis_mask": 1, "new": (3, 4)},
    "an axis more": {
        "spec": ((0, 0, 0), (2, 0, 3), (1, 1, 1)),
        "new_axis_mask": 2,
        "end_mask": 0,
        "new": (2, 1, 3, 4),
    },
    "an ellipsis": {"spec": ((0, 1), (0, 3), (1, 1)), "ellipsis_mask": 1, "new": (2, 3, 2)},
    "rank 5": {
        "shape": (2, 3, 2, 2, 4),
        "spec": ((0, 1, 0, 1, 0), (2, 3, 2, 2, 4), (1, 1, 1, 1, 2)),
        "new": (2, 2, 2, 1, 2),
    },
}


def gather(
    d: Draft,
    t: str,
    i: str,
    shape: Shape = SHAPE,
    where: Shape = (3,),
    new: Shape = (3, 3, 4),
    axis: int = 0,
    batch_dims: int = 0,
) -> None:
    x, at = d.input(shape, t, **d.stored(t)), d.input(where, i, low=0, high=1)
    d.op([x, at], [d.output(new, t, **d.stored(t))], axis=axis, batch_dims=batch_dims)


GATHERS: Variants = {
    "the last axis": {"axis": -1, "new": (2, 3, 3)},
    "one": {"where": (), "axis": 1, "new": (2, 4)},
    "indices of rank 2": {"where": (2, 2), "axis": 1, "new": (2, 2, 2, 4)},
    "batches": {"where": (2, 5), "axis": 1, "batch_dims": 1, "new": (2, 5, 4)},
}


def gather_nd(
    d: Draft, t: str, i: str, shape: Shape = SHAPE, where: Shape = (3, 2), new: Shape = (3, 4)
) -> None:
    x, at = d.input(shape, t, **d.stored(t)), d.input(where, i, low=0, high=1)
    d.op([x, at], [d.output(new, t, **d.stored(t))])


ND_GATHERS: Variants = {
    "single values": {"where": (2, 5, 3), "new": (2, 5)},
    "whole rows": {"where": (4, 1), "new": (4, 3, 4)},
}


def concatenation(
    d: Draft, t: str, shapes: Sequence[Shape] = (SHAPE, SHAPE), axis: int = 1, **options: Any
) -> None:
    values = [d.input(shape, t, **d.stored(t)) for shape in shapes]
    new = list(shapes[0])
    new[axis] = sum(shape[axis] for shape in shapes)
    d.op(values, [d.output(new, t, **d.stored(t))], axis=axis, **options)


CONCATENATIONS: Variants = {
    "the last axis of three": {"shapes": ((2, 3, 1), (2, 3, 4), (2, 3, 2)), "axis": -1},
    "one": {"shapes": ((2, 3),), "axis": 0},
    "rank 1": {"shapes": ((3,), (2,)), "axis": 0},
    "rank 5": {"shapes": ((2, 1, 2, 1, 3), (2, 1, 3, 1, 3)), "axis": 2},
    "size zero": {"shapes": ((2, 0), (2, 3)), "axis": 1},
}


def pack(d: Draft, t: str, shape: Shape = SHAPE, count: int = 2, axis: int = 1) -> None:
    values, at = [d.input(shape, t, **d.stored(t)) for _ in range(count)], axis % (len(shape) + 1)
    y = d.output([*shape[:at], count, *shape[at:]], t, **d.stored(t))
    d.op(values, [y], values_count=count, axis=axis)


PACKS: Variants = {
    "at the end": {"axis": -1},
    "scalars": {"shape": (), "axis": 0, "count": 3},
    "to rank 5": {"shape": (2, 1, 3, 2), "axis": 2},
    "one": {"count": 1, "axis": 0},
    "rows": {"shape": (3, 4)},
}


def unpack(d: Draft, t: str, shape: Shape = SHAPE, axis: int = 1) -> None:
    x, rest = d.input(shape, t, **d.stored(t)), [n for k, n in enumerate(shape) if k != axis % len(shape)]
    d.op([x], [d.output(rest, t, **d.stored(t)) for _ in range(shape[axis])], num=shape[axis], axis=axis)


UNPACKS: Variants = {
    "from the end": {"axis": -1},
    "scalars": {"shape": (3,), "axis": 0},
    "rank 5": {"shape": (2, 2, 1, 3, 2), "axis": 3},
}


def split(d: Draft, t: str, i: str, shape: Shape = SHAPE, count: int = 2, axis: int = 2) -> None:
    x, new = d.input(shape, t, **d.stored(t)), list(shape)
    new[axis] //= count
    outputs = [d.output(new, t, **d.stored(t)) for _ in range(count)]
    d.op([d.index(1 if i == "bool" else axis, i), x], outputs, num_splits=count)


SPLITS: Variants = {
    "from the end": {"axis": -1, "count": 4},
    "one": {"count": 1},
    "rank 5": {"shape": (2, 1, 4, 3, 2), "axis": 2},
}


def split_v(
    d: Draft, t: str, sizes: str, i: str, shape: Shape = SHAPE, parts: Shape = (3, 1), axis: int = 2
) -> None:
    x = d.input(shape, t, **d.stored(t))
    left = shape[axis] - sum(n for n in parts if n > 0)
    new = [[*shape] for _ in parts]
    for row, n in zip(new, parts, strict=True):
        row[axis] = left if n < 0 else n
    outputs = [d.output(row, t, **d.stored(t)) for row in new]
    d.op([x, d.index(list(parts), sizes), d.index(axis, i)], outputs, num_splits=len(parts))


PARTS: Variants = {
    "a size left open": {"parts": (1, -1)},
    "from the end": {"parts": (1, 2, 1), "axis": -1},
    "rank 5": {"shape": (2, 1, 4, 3, 2), "parts": (1, 2), "axis": 3},
}


def tile(d: Draft, t: str, i: str, shape: Shape = SHAPE, times: Shape = (1, 2, 1)) -> None:
    x, new = d.input(shape, t, **d.stored(t)), [n * k for n, k in zip(shape, times, strict=True)]
    d.op([x, d.index(list(times), i)], [d.output(new, t, **d.stored(t))])


TILES: Variants = {
    "every axis": {"times": (2, 3, 2)},
    "rank 1": {"shape": (3,), "times": (4,)},
    "rank 5": {"shape": (1, 2, 1, 2, 1), "times": (2, 1, 2, 1, 3)},
    "no times": {"times": (1, 0, 1)},
}


Pads = Sequence[tuple[int, int]]
PADS = ((0, 0), (1, 1), (0, 1))
PADDINGS: Variants = {
    "an image": {"shape": (2, 3, 3, 2), "pads": ((0, 0), (1, 1), (2, 0), (0, 0))},
    "every axis": {"pads": ((1, 0), (0, 2), (1, 1))},
    "nothing": {"pads": ((0, 0), (0, 0), (0, 0))},
    "rank 5": {"shape": (1, 2, 1, 2, 3), "pads": ((0, 1), (0, 0), (1, 0), (0, 0), (1, 1))},
}


def _padded(shape: Shape, pads: Pads) -> list[int]:
    return [a + n + b for n, (a, b) in zip(shape, pads, strict=True)]


def pad(d: Draft, t: str, i: str, shape: Shape = SHAPE, pads: Pads = PADS) -> None:
    x = d.input(shape, t, **d.stored(t))
    d.op([x, d.index([*map(list, pads)], i)], [d.output(_padded(shape, pads), t, **d.stored(t))])


def padv2(
    d: Draft, t: str, i: str, shape: Shape = SHAPE, pads: Pads = PADS, constant: bool = False
) -> None:
    x, stored = d.input(shape, t, **d.stored(t)), d.stored(t)
    value = d.constant(d.random(t, (1,)), t, **stored) if constant else d.input((1,), t, **stored)
    d.op([x, d.index([*map(list, pads)], i), value], [d.output(_padded(shape, pads), t, **d.stored(t))])


def mirror_pad(
    d: Draft, t: str, i: str, shape: Shape = SHAPE, pads: Pads = PADS, mode: str = "REFLECT"
) -> None:
    x = d.input(shape, t, **d.stored(t))
    y = d.output(_padded(shape, pads), t, **d.stored(t))
    d.op([x, d.index([*map(list, pads)], i)], [y], mode=mode)


MIRRORS: Variants = {
    "symmetric": {"mode": "SYMMETRIC"},
    "as far as it goes": {"pads": ((1, 1), (2, 2), (3, 3))},
    "symmetric, as far as it goes": {"mode": "SYMMETRIC", "pads": ((2, 2), (3, 3), (4, 4))},
    "an image": {"shape": (2, 3, 3, 2), "pads": ((0, 0), (1, 1), (2, 0), (0, 0))},
}


def reverse_v2(d: Draft, t: str, i: str, shape: Shape = SHAPE, axes: Shape = (1,)) -> None:
    x = d.input(shape, t, **d.stored(t))
    d.op([x, d.index(list(axes), i)], [d.output(shape, t, **d.stored(t))])


REVERSALS: Variants = {
    "the last axis": {"axes": (-1,)},
    "two axes": {"axes": (0, 1)},
    "rank 5": {"shape": (2, 1, 3, 2, 2), "axes": (2,)},
}


def reverse_sequence(
    d: Draft, t: str, i: str, shape: Shape = SHAPE, seq_dim: int = 1, batch_dim: int = 0
) -> None:
    x = d.input(shape, t, **d.stored(t))
    lengths = d.input((shape[batch_dim],), i, low=1, high=shape[seq_dim])
    d.op([x, lengths], [d.output(shape, t, **d.stored(t))], seq_dim=seq_dim, batch_dim=batch_dim)


SEQUENCES: Variants = {
    "time first": {"seq_dim": 0, "batch_dim": 1},
    "the last axis": {"seq_dim": 2, "batch_dim": 0, "shape": (2, 2, 3)},
}


def broadcast_to(d: Draft, t: str, i: str, shape: Shape = (1, 3, 1), sizes: Shape = (2, 3, 4)) -> None:
    x = d.input(shape, t, **d.stored(t))
    sizes = (1, 3, 1) if i == "bool" else sizes
    d.op([x, d.index(list(sizes), i)], [d.output(sizes, t, **d.stored(t))])


BROADCASTS_TO: Variants = {
    "rank 0": {"shape": ()},
    "of lower rank": {"shape": (4,)},
    "as it was": {"shape": (2, 3, 4)},
    "rank 5": {"shape": (2, 1, 3, 1, 1), "sizes": (2, 2, 3, 1, 2)},
}


def broadcast_args(d: Draft, t: str) -> None:
    sizes: list[list[Any]] = (
        [[2, 1, 4], [3, 1]] if t not in ("bool", "string", "int2") else [[1, 1, 1], [1, 1]]
    )
    if t == "string":
        sizes = [[b"1"] * 3, [b"1"] * 2]
    elif t == "bfloat16":
        sizes = [[0x3F80] * 3, [0x3F80] * 2]
    x, y = (d.input((len(n),), t, n) for n in sizes)
    d.op([x, y], [d.output((3,), t)])


def space_to_depth(d: Draft, t: str, shape: Shape = IMAGE, block: int = 2) -> None:
    x, (n, h, w, c) = d.input(shape, t, **d.stored(t)), shape
    y = d.output((n, h // block, w // block, c * block * block), t, **d.stored(t))
    d.op([x], [y], block_size=block)


def depth_to_space(d: Draft, t: str, shape: Shape = IMAGE, block: int = 2) -> None:
    x, (n, h, w, c) = d.input(shape, t, **d.stored(t)), shape
    y = d.output((n, h * block, w * block, c // block**2), t, **d.stored(t))
    d.op([x], [y], block_size=block)


BLOCKS_IN: Variants = {
    "blocks of three": {"shape": (1, 3, 6, 2), "block": 3},
    "a batch of two": {"shape": (2, 4, 2, 3)},
}
BLOCKS_OUT: Variants = {
    "blocks of three": {"shape": (1, 2, 1, 18), "block": 3},
    "a batch of two": {"shape": (2, 1, 3, 8)},
}


def space_to_batch_nd(
    d: Draft,
    t: str,
    block: str,
    pads: str,
    shape: Shape = IMAGE,
    sizes: Shape = (2, 2),
    around: Pads = ((0, 0),) * 2,
) -> None:
    x, padded = d.input(shape, t, **d.stored(t)), _padded(shape[1:-1], around)
    spec = [d.index(list(sizes), block), d.index([*map(list, around)], pads)]
    places = [n // b for n, b in zip(padded, sizes, strict=True)]
    y = d.output((shape[0] * math.prod(sizes), *places, shape[-1]), t, **d.stored(t))
    d.op([x, *spec], [y])


BATCHES_IN: Variants = {
    "padded": {"shape": (1, 3, 4, 2), "sizes": (2, 3), "around": ((1, 0), (1, 1))},
    "a batch of two": {"shape": (2, 2, 4, 1)},
    "rank 3": {"shape": (2, 4, 3), "sizes": (2,), "around": ((0, 0),)},
}


def batch_to_space_nd(
    d: Draft,
    t: str,
    block: str,
    crops: str,
    shape: Shape = (4, 2, 2, 4),
    sizes: Shape = (2, 2),
    off: Pads = ((0, 0),) * 2,
) -> None:
    x = d.input(shape, t, **d.stored(t))
    spec = [d.index(list(sizes), block), d.index([*map(list, off)], crops)]
    places = [n * b - a - z for n, b, (a, z) in zip(shape[1:-1], sizes, off, strict=True)]
    y = d.output((shape[0] // math.prod(sizes), *places, shape[-1]), t, **d.stored(t))
    d.op([x, *spec], [y])


BATCHES_OUT: Variants = {
    "cropped": {"shape": (6, 2, 2, 2), "sizes": (2, 3), "off": ((1, 0), (1, 1))},
    "a batch of two": {"shape": (8, 1, 2, 1)},
    "rank 3": {"shape": (4, 2, 3), "sizes": (2,), "off": ((0, 0),)},
}


def select(
    d: Draft, condition: str, t: str, shapes: Sequence[tuple[int, ...]] = (SHAPE, SHAPE, SHAPE)
) -> None:
    c = d.input(shapes[0], condition)
    x, y = (d.input(shape, t, **d.stored(t)) for shape in shapes[1:])
    new = shapes[1] if d.name == "SELECT" else np.broadcast_shapes(*shapes)
    d.op([c, x, y], [d.output(new, t, **d.stored(t))])


CHOICES: Variants = {
    "rank 0": {"shapes": ((), (), ())},
    "rank 5": {"shapes": ((2, 1, 2, 1, 3),) * 3},
    "size zero": {"shapes": ((2, 0),) * 3},
}
CHOSEN_ROWS: Variants = {"rows": {"shapes": ((2,), (2, 3), (2, 3))}}
BROADCAST_CHOICES: Variants = {
    "broadcast": {"shapes": ((2, 1, 4), (3, 1), (1,))},
    "one condition": {"shapes": ((), (2, 3), (2, 3))},
}


def where(d: Draft, t: str, shape: Shape = (3, 4)) -> None:
    low = {"low": -2, "high": 2} if t.startswith(("int", "uint")) else {}
    d.op([d.input(shape, t, **low)], [d.output((math.prod(shape), len(shape)), "int64")])


def fill(d: Draft, i: str, t: str, shape: Shape = (2, 3)) -> None:
    # LiteRT's Python interface loses a scalar string that it is given.
    value = d.constant(np.array(b"text", object)) if t == "string" else d.input((), t, **d.stored(t))
    shape = (1, 1) if i == "bool" else shape
    d.op([d.index(list(shape), i), value], [d.output(shape, t, **d.stored(t))])


FILLS: Variants = {
    "rank 1": {"shape": (5,)},
    "rank 5": {"shape": (1, 2, 1, 3, 2)},
    "size zero": {"shape": (2, 0)},
}


def shape_of(d: Draft, t: str, out: str, shape: Shape = SHAPE) -> None:
    d.op([d.input(shape, t)], [d.output((len(shape),), out)], out_type=out.upper())


def rank(d: Draft, t: str, shape: Shape = SHAPE) -> None:
    d.op([d.input(shape, t)], [d.output((), "int32")])


RANKS: Variants = {
    "rank 0": {"shape": ()},
    "rank 5": {"shape": (2, 1, 3, 1, 2)},
    "size zero": {"shape": (2, 0)},
}


def one_hot(
    d: Draft, i: str, t: str, depth: str, axis: int = -1, low: int = 0, scaled: bool = False
) -> None:
    n = 3
    indices = d.input((4,), i, low=low, high=2 - low)
    stored = d.stored(t) if scaled else {}
    on, off = (d.input((), t, **stored) for _ in range(2))
    y = d.output((4, n) if axis else (n, 4), t, **stored)
    d.op([indices, d.index(n, depth), on, off], [y], axis=axis)


HOT: Variants = {
    "the first axis": {"axis": 0},
    "indices outside": {"low": -1},
    "scaled": {"scaled": True},
}


def scatter_nd(d: Draft, i: str, t: str, sizes: str) -> None:
    at = d.input((3, 1), i, [[0], [1], [1]])
    limits = {"low": -5, "high": 5}
    shape = [1, 1] if sizes == "bool" else [4, 2]
    stored = d.stored(t) if t == "int16" else {}  # others have no scale
    updates = d.input((3, shape[1]), t, **(limits if t != "bool" else {}), **stored)
    d.op([at, updates, d.index(shape, sizes)], [d.output(shape, t, **stored)])


def sparse_to_dense(d: Draft, i: str, sizes: str, t: str) -> None:
    at, n = d.input((2,), i, [0, 1]), 1 if sizes == "bool" else 5
    values, usual = d.input((2,), t), d.input((), t)
    d.op([at, d.index([n], sizes), values, usual], [d.output((n,), t)])


def matrix_diag(d: Draft, t: str) -> None:
    d.op([d.input((2, 3), t, **d.stored(t))], [d.output((2, 3, 3), t, **d.stored(t))])


def matrix_set_diag(d: Draft, t: str) -> None:
    x, diagonal = d.input((2, 3, 3), t, **d.stored(t)), d.input((2, 3), t, **d.stored(t))
    d.op([x, diagonal], [d.output((2, 3, 3), t, **d.stored(t))])


def dynamic_update_slice(d: Draft, t: str, i: str, at: Shape = (1, 1, 1)) -> None:
    x, update = d.input(SHAPE, t, **d.stored(t)), d.input((1, 2, 2), t, **d.stored(t))
    d.op([x, update, d.input((3,), i, list(at))], [d.output(SHAPE, t, **d.stored(t))])


UPDATES: Variants = {"at the start": {"at": (0, 0, 0)}, "moved in": {"at": (1, 2, 3)}}


WIDE = ("uint8", "uint16", "int32", "float32", "int64", "complex64")


def bitcast(d: Draft, a: str, b: str) -> None:
    m, n = DTYPES[a].bits or 32, DTYPES[b].bits or 32
    x = d.input((2, 3) if m >= n else (2, 3, n // m), a)
    d.op([x], [d.output((2, 3) if m <= n else (2, 3, m // n), b)])


def topk_v2(d: Draft, t: str, k: str, i: str, shape: Shape = SHAPE, n: int = 2) -> None:
    n = 1 if k == "bool" else n
    x, new = d.input(shape, t, **d.stored(t)), (*shape[:-1], n)
    d.op([x, d.index(n, k)], [d.output(new, t, **d.stored(t)), d.output(new, i)])


TOPS: Variants = {"rank 1": {"shape": (9,), "n": 4}, "all": {"n": 4}}


def unique(d: Draft, t: str, i: str) -> None:
    values = {"low": -3, "high": 3} if t.startswith(("int", "uint")) else {}
    x = d.input((9,), t, **values)
    d.op([x], [d.output((9,), t), d.output((9,), i)], idx_out_type=i.upper())


def resize(d: Draft, t: str, i: str, batch: int = 1, sizes: Shape = (6, 3), **options: Any) -> None:
    x = d.input((batch, 4, 4, 3), t, **d.stored(t))
    sizes = (1, 1) if i == "bool" else sizes
    d.op([x, d.index(list(sizes), i)], [d.output((batch, *sizes, 3), t, **d.stored(t))], **options)


SIZES: Variants = {
    "corners": {"align_corners": True},
    "centers": {"half_pixel_centers": True},
    "smaller": {"sizes": (2, 3), "half_pixel_centers": True},
    "as it was": {"sizes": (4, 4)},
    "to one": {"sizes": (1, 1), "align_corners": True},
    "a batch of two": {"batch": 2, "sizes": (5, 8)},
}


def dilate(d: Draft, t: str, i: str) -> None:
    x, value = d.input((2, 3), t), d.input((), t)
    sizes = [1, 1] if i == "bool" else [2, 3]
    new = [(n - 1) * s + 1 for n, s in zip((2, 3), sizes, strict=True)]
    d.op([x, d.index(sizes, i), value], [d.output(new, t)])


def embedding_lookup(d: Draft, t: str, out: str) -> None:
    stored: dict[str, Any] = {}
    if t.endswith(IN_BLOCKS):
        t, stored = t.removesuffix(IN_BLOCKS), {"blocks": d.in_blocks((5, 8))}
    elif t.startswith(("int", "uint")) and out != "same":
        stored = {"scale": 0.1, "zero_point": 0}
    x = d.constant(d.random(t, (5, 8)), t, **stored)
    d.op([d.input((3,), "int32", [4, 0, 2]), x], [d.output((3, 8), t if out == "same" else out)])


def hashtable_lookup(d: Draft, t: str) -> None:
    wanted, keys = d.input((3,), "int32", [7, 1, 5]), d.input((2,), "int32", [1, 5])
    x = d.input((2, 4), t)
    d.op([wanted, keys, x], [d.output((3, 4), t), d.output((3,), "uint8")])


def lsh_projection(d: Draft, t: str, weighted: bool = False) -> None:
    operands = [d.input((2, 3), "float32"), d.input((3, 4), t)]
    weights = [d.input((3,), "float32", low=0, high=2)] if weighted else []
    d.op([*operands, *weights], [d.output((2,), "int32")], type="SPARSE")


WEIGHTED: Variants = {"weights": {"weighted": True}}


def embedding_lookup_sparse(d: Draft, t: str) -> None:
    ids, at = d.input((3,), "int32", [1, 3, 0]), d.input((3, 2), "int32", [[0, 0], [2, 0], [2, 1]])
    sizes, weights = d.index([3, 2]), d.input((3,), "float32", [1, 2, 4])
    table = d.input((4, 3), t)
    d.op([ids, at, sizes, weights, table], [d.output((3, 3), t)], combiner="MEAN")


def skip_gram(d: Draft, t: str) -> None:
    text = np.array([b"The quick brown fox"], object) if t == "string" else None
    options = {"ngram_size": 2, "max_skip_size": 0, "include_all_ngrams": False}
    d.op([d.input((1,), t, text)], [d.output((3,), t)], **options)
