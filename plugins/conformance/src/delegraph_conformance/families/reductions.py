"""Ops that compute one value from many, and pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from delegraph import window

from ..draft import Draft
from ..recipe import Variants

SHAPE = (2, 3, 4)


AXES: Variants = {
    "axes that stay": {"keep_dims": True},
    "every axis": {"axes": (0, 1, 2)},
    "every axis stays": {"axes": (0, 1, 2), "keep_dims": True},
    "the last axis": {"axes": (-1,)},
    "an image": {"shape": (2, 3, 4, 2), "axes": (1, 2), "keep_dims": True},
    "no axes": {"axes": ()},
    "rank 1": {"shape": (7,), "axes": (0,)},
    "rank 5": {"shape": (2, 1, 3, 2, 2), "axes": (1, 3)},
}


def reduction(
    d: Draft,
    t: str,
    i: str,
    shape: Sequence[int] = SHAPE,
    axes: Sequence[int] = (1,),
    keep_dims: bool = False,
) -> None:
    limits: dict[str, Any] = {"low": -3, "high": 3} if d.name == "REDUCE_PROD" and "8" not in t else {}
    x = d.input(shape, t, **(limits if t not in ("bool", "string") else {}), **d.stored(t))
    same = d.name in ("REDUCE_MAX", "REDUCE_MIN")
    y = d.output(_reduced(shape, axes, keep_dims), t, **d.stored(t, 0.05 if same else 0.2))
    d.op([x, d.index(list(axes), i)], [y], keep_dims=keep_dims)


def _reduced(shape: Sequence[int], axes: Sequence[int], keep_dims: bool = False) -> list[int]:
    gone = {axis % len(shape) for axis in axes}
    return [1 if axis in gone else n for axis, n in enumerate(shape) if keep_dims or axis not in gone]


def arg(d: Draft, t: str, i: str, out: str, shape: Sequence[int] = SHAPE, axis: int = 1) -> None:
    x, y = d.input(shape, t, **d.stored(t)), d.output(_reduced(shape, [axis]), out)
    d.op([x, d.index([axis], i)], [y], output_type=out.upper())


WIDE = [f"{t}:{places}" for t in ("int16", "int32", "int8") for places in ("int64:int32", "int32:int64")]
AN_AXIS: Variants = {
    "the last axis": {"axis": -1},
    "rank 1": {"shape": (9,), "axis": 0},
    "rank 5": {"shape": (2, 1, 3, 2, 2), "axis": 2},
}


def cumsum(d: Draft, t: str, i: str, shape: Sequence[int] = SHAPE, axis: int = 1, **options: bool) -> None:
    stored = d.stored(t) if t == "int16" else {}  # others have no scale
    x, y = d.input(shape, t, **stored), d.output(shape, t, **stored)
    d.op([x, d.index([axis], i)], [y], **options)


SUMS: Variants = {
    "exclusive": {"exclusive": True},
    "backwards": {"reverse": True},
    "exclusive, backwards": {"exclusive": True, "reverse": True, "axis": -1},
    "rank 1": {"shape": (9,), "axis": 0},
}


def range_(d: Draft, t: str, known: bool = False) -> None:
    first, last, step = {"bfloat16": (0, 0x40A0, 0x3F80), "string": (b"0", b"5", b"1")}.get(t, (0, 5, 1))
    if t == "int2":
        last = 1
    made = [d.constant(v, t) if known else d.input((), t, v) for v in (first, last, step)]
    d.op(made, [d.output((5,), t)])


KNOWN: Variants = {"of constants": {"known": True}}  # the result's shape is known before the run


def segment_sum(d: Draft, t: str, i: str, known: bool = False) -> None:
    x = d.input((3, 4), t, low=-5, high=5)
    ids = d.constant([0, 0, 1], i) if known else d.input((3,), i, [0, 0, 1])
    d.op([x, ids], [d.output((2, 4), t)])


def unsorted_segment(d: Draft, t: str, i: str, count: str) -> None:
    x, ids = d.input((3, 4), t, low=-5, high=5), d.input((3,), i, [1, 0, 1])
    n = 1 if count == "bool" else 2
    d.op([x, ids, d.index(n, count)], [d.output((n, 4), t)])


def pool(
    d: Draft,
    t: str,
    batch: int = 1,
    channels: int = 3,
    filter: tuple[int, int] = (3, 2),
    strides: tuple[int, int] = (2, 2),
    padding: str = "SAME",
    **options: Any,
) -> None:
    x = d.input((batch, 5, 5, channels), t, **d.stored(t))
    sizes = zip((5, 5), filter, strides, strict=True)
    places = [window(n, f, s, 1, padding).output for n, f, s in sizes]
    y = d.output((batch, *places, channels), t, **d.stored(t))
    given = {
        "stride_h": strides[0],
        "stride_w": strides[1],
        "filter_height": filter[0],
        "filter_width": filter[1],
    }
    d.op([x], [y], padding=padding, **given, **options)


POOLS: Variants = {
    "valid": {"padding": "VALID"},
    "strides of one": {"strides": (1, 1), "filter": (2, 2)},
    "the whole image": {"filter": (5, 5), "strides": (1, 1), "padding": "VALID"},
    "larger than the image": {"filter": (7, 6), "strides": (1, 2)},
    "a batch of two": {"batch": 2, "channels": 5},
    "RELU": {"fused_activation_function": "RELU"},
    "RELU6": {"fused_activation_function": "RELU6"},
}


def reduce_window(d: Draft, t: str, function: str = "MAXIMUM") -> None:
    x, first = d.input((4, 5), t), d.input((), t)
    if t == "bool":
        function = "ALL"
    window = [d.index(v, "int64") for v in ([2, 2], [1, 2], [1, 1])]
    d.op([x, first, *window], [d.output((3, 2), t)], reduce_function=function)


def rfft2d(d: Draft, t: str, i: str) -> None:
    d.op([d.input((2, 4, 8), t), d.index([4, 8], i)], [d.output((2, 4, 5), "complex64")])


def non_max_suppression(d: Draft, t: str) -> None:
    soft = d.name.endswith("5")
    boxes, scores = d.input((6, 4), t, low=0, high=10), d.input((6,), t, low=0, high=1)
    values = (0.5, 0.1, 0.5) if soft else (0.5, 0.1)
    limits = [d.input((), "float32", v) for v in values]
    kept = [d.output((3,), "float32")] if soft else []
    d.op([boxes, scores, d.index(3), *limits], [d.output((3,), "int32"), *kept, d.output((), "int32")])


def random(d: Draft, i: str, out: str) -> None:
    d.op([d.index([1 if i == "bool" else 5], i)], [d.output((5,), out)], seed=7, seed2=3)


def multinomial(d: Draft, t: str, i: str, out: str) -> None:
    logits = d.input((2, 4), t, low=-1, high=1)
    d.op([logits, d.index(1 if i == "bool" else 5, i)], [d.output((2, 5), out)], seed=7, seed2=3)
