"""Ops that compute one value from many, and pools."""

from __future__ import annotations

from typing import Any

from ..draft import Draft
from ..recipe import EVERY_TYPE, INDICES, NUMBERS, recipe, varied
from .movement import resize

SHAPE = (2, 3, 4)


@recipe(
    "SUM MEAN REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL",
    varied("float32:int32", [*NUMBERS], INDICES),
)
def reduction(d: Draft, t: str, i: str) -> None:
    limits: dict[str, Any] = {"low": -3, "high": 3} if d.name == "REDUCE_PROD" and "8" not in t else {}
    x = d.input(SHAPE, t, **(limits if t not in ("bool", "string") else {}), **d.stored(t))
    same = d.name in ("REDUCE_MAX", "REDUCE_MIN")
    d.op([x, d.index([1], i)], [d.output((2, 4), t, **d.stored(t, 0.05 if same else 0.2))])


@recipe("ARG_MAX ARG_MIN", varied("float32:int32:int32", NUMBERS, INDICES, INDICES))
def arg(d: Draft, t: str, i: str, out: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x, d.index([1], i)], [d.output((2, 4), out)], output_type=out.upper())


@recipe("CUMSUM", varied("float32:int32", EVERY_TYPE, INDICES))
def cumsum(d: Draft, t: str, i: str) -> None:
    d.op([d.input(SHAPE, t), d.index([1], i)], [d.output(SHAPE, t)])


@recipe("RANGE", EVERY_TYPE)
def range_(d: Draft, t: str) -> None:
    first, last, step = {"bfloat16": (0, 0x40A0, 0x3F80), "string": (b"0", b"5", b"1")}.get(t, (0, 5, 1))
    if t == "int2":
        last = 1
    d.op([d.input((), t, v) for v in (first, last, step)], [d.output((5,), t)])


@recipe("SEGMENT_SUM", varied("float32:int32", EVERY_TYPE, INDICES))
def segment_sum(d: Draft, t: str, i: str) -> None:
    x, ids = d.input((3, 4), t, low=-5, high=5), d.input((3,), i, [0, 0, 1])
    d.op([x, ids], [d.output((2, 4), t)])


@recipe(
    "UNSORTED_SEGMENT_SUM UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN",
    varied("float32:int32:int32", EVERY_TYPE, INDICES, INDICES),
)
def unsorted_segment(d: Draft, t: str, i: str, count: str) -> None:
    x, ids = d.input((3, 4), t, low=-5, high=5), d.input((3,), i, [1, 0, 1])
    n = 1 if count == "bool" else 2
    d.op([x, ids, d.index(n, count)], [d.output((n, 4), t)])


@recipe("AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D", NUMBERS)
def pool(d: Draft, t: str) -> None:
    x = d.input((1, 5, 5, 3), t, **d.stored(t))
    window = {"stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 3, "padding": "SAME"}
    d.op([x], [d.output((1, 3, 3, 3), t, **d.stored(t))], **window)


@recipe("REDUCE_WINDOW", [*EVERY_TYPE, "bool:ALL"])
def reduce_window(d: Draft, t: str, function: str = "MAXIMUM") -> None:
    x, first = d.input((4, 5), t), d.input((), t)
    if t == "bool":
        function = "ALL"
    window = [d.index(v, "int64") for v in ([2, 2], [1, 2], [1, 1])]
    d.op([x, first, *window], [d.output((3, 2), t)], reduce_function=function)


@recipe("RFFT2D", varied("float32:int32", EVERY_TYPE, INDICES))
def rfft2d(d: Draft, t: str, i: str) -> None:
    d.op([d.input((2, 4, 8), t), d.index([4, 8], i)], [d.output((2, 4, 5), "complex64")])


@recipe("NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5", EVERY_TYPE)
def non_max_suppression(d: Draft, t: str) -> None:
    soft = d.name.endswith("5")
    boxes, scores = d.input((6, 4), t, low=0, high=10), d.input((6,), t, low=0, high=1)
    values = (0.5, 0.1, 0.5) if soft else (0.5, 0.1)
    limits = [d.input((), "float32", v) for v in values]
    kept = [d.output((3,), "float32")] if soft else []
    d.op([boxes, scores, d.index(3), *limits], [d.output((3,), "int32"), *kept, d.output((), "int32")])


@recipe("RANDOM_UNIFORM RANDOM_STANDARD_NORMAL", varied("int32:float32", INDICES, EVERY_TYPE))
def random(d: Draft, i: str, out: str) -> None:
    d.op([d.index([1 if i == "bool" else 5], i)], [d.output((5,), out)], seed=7, seed2=3)


@recipe("MULTINOMIAL", varied("float32:int32:int32", EVERY_TYPE, INDICES, INDICES))
def multinomial(d: Draft, t: str, i: str, out: str) -> None:
    logits = d.input((2, 4), t, low=-1, high=1)
    d.op([logits, d.index(1 if i == "bool" else 5, i)], [d.output((2, 5), out)], seed=7, seed2=3)


@recipe("RESIZE_BILINEAR", varied("float32:int32", NUMBERS, INDICES))
def resize_bilinear(d: Draft, t: str, i: str) -> None:
    resize(d, t, i)
