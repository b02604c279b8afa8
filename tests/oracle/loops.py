"""Programs with loops, drawn by hypothesis: what is carried from round to round, and how it changes.

A program has one WHILE, whose body may hold IFs and further loops. Numbers are small integers, whatever the
type, so that every sum and product is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import define
from campaign import Program
from delegraph.model import Builder, Tensor
from hypothesis import strategies as st

SHAPE = (2, 3)
ITEMS = 6  # rows of an accumulator
FLOAT, INT = "float32", "int32"


@define
class Carried:
    """One loop variable: its value before the loop, its shape, and what a round makes of it."""

    start: Tensor
    update: Callable[[Body, Tensor], Tensor]


@define
class Body:
    """The body of a loop in the making."""

    g: Builder
    draw: Any
    depth: int  # of loops that may stand inside
    counter: Tensor
    following: Tensor  # the counter of the next round
    values: list[Tensor]  # of SHAPE

    def constant(self, values: Any) -> Tensor:
        return self.g.constant(np.asarray(values))

    def op(self, name: str, inputs: list[Tensor], shape: Any, dtype: str = FLOAT, **options: Any) -> Tensor:
        return self.g.op(name, inputs, [self.g.tensor(shape, dtype)], **options)  # type: ignore[no-any-return]

    def vector(self, at: Tensor, *rest: int) -> Tensor:
        """Return [at, *rest] of type int32."""
        if self.draw(st.booleans()):
            parts = [at, *(self.constant(np.int32(v)) for v in rest)]
            return self.op("PACK", parts, (len(parts),), INT, axis=0, values_count=len(parts))
        first = self.op("RESHAPE", [at, self.constant(np.int32([1]))], (1,), INT)
        tail = self.constant(np.int32(rest))
        return self.op("CONCATENATION", [first, tail], (1 + len(rest),), INT, axis=0)

    def value(self) -> Tensor:
        """Return some tensor of SHAPE."""
        return self.draw(st.sampled_from(self.values))  # type: ignore[no-any-return]


@st.composite
def programs(draw: Any) -> Program:
    """Make a model of inputs x (SHAPE), n (the trip count asked for) and start."""
    g = Builder()
    x = g.input(SHAPE, FLOAT, "x")
    n, start = g.input((), INT, "n"), g.input((), INT, "start")
    outputs = loop(draw, g, [x], [n, start], depth=2)
    return Program(g.model(outputs=list({t.index: t for t in outputs}.values())))


def loop(draw: Any, g: Builder, values: list[Tensor], numbers: list[Tensor], depth: int) -> list[Tensor]:
    """Add a WHILE to a graph; return its outputs.

    :param values: tensors of SHAPE that are known there.
    :param numbers: int32 scalars that are known there.
    """
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4))
    carried = [KINDS[kind](draw, g, values) for kind in kinds]
    down = draw(st.integers(0, 4)) == 0
    known = [g.constant(np.int32(v)) for v in ((4, 3) if down else (0, 1, 2))]
    begin = draw(st.sampled_from([*known, *known, *numbers]))
    limit = draw(st.sampled_from(["constant", "carried"]))
    end = (
        draw(st.sampled_from(numbers))
        if limit == "carried"
        else g.constant(np.int32(draw(st.integers(0, 5))))
    )
    start = [begin, end, *(c.start for c in carried)]
    cond = _condition(draw, g, start, down, limit == "carried", end)
    body = _body(draw, g, start, carried, down, depth)
    given = [g.tensor(t.shape or (), t.dtype) for t in start]
    found = g.op("WHILE", start, given, cond_subgraph_index=cond, body_subgraph_index=body)
    return list(found)


def _condition(
    draw: Any, main: Builder, start: list[Tensor], down: bool, is_carried: bool, end: Tensor
) -> int:
    """counter < limit, counter > 0, or that and something else."""
    g = main.subgraph("cond")
    inputs = [g.input(t.shape or (), t.dtype) for t in start]
    limit = inputs[1] if is_carried or down else g.constant(end.data)

    def test(name: str, a: Tensor, b: Tensor) -> Tensor:
        return g.op(name, [a, b], [g.tensor((), "bool")])  # type: ignore[no-any-return]

    zero = g.constant(np.int32(0))
    result = test("GREATER", inputs[0], zero) if down else test("LESS", inputs[0], limit)
    if draw(st.booleans()):
        most = g.constant(np.int32(ITEMS - 1))
        other = (
            test("LESS_EQUAL", inputs[0], most) if draw(st.booleans()) else test("LESS", inputs[0], most)
        )
        result = test("LOGICAL_AND", other, result)
    g.returns(result)
    return g.index


def _body(
    draw: Any, main: Builder, start: list[Tensor], carried: list[Carried], down: bool, depth: int
) -> int:
    g = main.subgraph("body")
    inputs = [g.input(t.shape or (), t.dtype) for t in start]
    step = -1 if down else draw(st.sampled_from([1, 1, 1, 2]))
    following = g.op("ADD", [inputs[0], g.constant(np.int32(step))], [g.tensor((), INT)])
    values = [t for t, c in zip(inputs[2:], carried, strict=True) if c.update in (_state, _same)]
    values += [g.constant(np.arange(6, dtype=np.float32).reshape(SHAPE) - 2)]
    body = Body(g, draw, depth, inputs[0], following, values)
    results = [c.update(body, t) for c, t in zip(carried, inputs[2:], strict=True)]
    g.returns(following, inputs[1], *results)
    return g.index


# What a round makes of a variable


def _same(body: Body, old: Tensor) -> Tensor:
    return old


def _state(body: Body, old: Tensor) -> Tensor:
    """An op or two on it and on others; in an IF, perhaps, or in a loop of its own."""
    how = body.draw(st.sampled_from(["op", "op", "op", "if", "loop"]))
    if how == "if":
        return _branch(body, old)
    if how == "loop" and body.depth > 1:
        inner = loop(body.draw, body.g, [old, *body.values], [body.counter, body.following], body.depth - 1)
        same = [t for t in inner if t.shape == SHAPE and t.dtype == FLOAT]
        return same[0] if same else old
    name = body.draw(st.sampled_from(["ADD", "SUB", "MAXIMUM", "MINIMUM"]))
    return body.op(name, [old, body.value()], SHAPE)


def _branch(body: Body, old: Tensor) -> Tensor:
    """old + other or other - old, by the counter."""
    other, g = body.value(), body.g
    branches = []
    for name in ("ADD", "SUB"):
        branch = g.subgraph(name)
        a, b = branch.input(SHAPE, FLOAT), branch.input(SHAPE, FLOAT)
        branch.returns(branch.op(name, [b, a], [branch.tensor(SHAPE, FLOAT)]))
        branches.append(branch.index)
    at = body.constant(np.int32(body.draw(st.integers(0, 3))))
    condition = body.op("LESS", [body.counter, at], (), "bool")
    options = {"then_subgraph_index": branches[0], "else_subgraph_index": branches[1]}
    return body.op("IF", [condition, old, other], SHAPE, **options)


def _set(body: Body, old: Tensor) -> Tensor:
    """old[counter] = value, as converters write it: what is before it, it, and what is after it."""
    item = body.op("RESHAPE", [body.value(), body.constant(np.int32([1, *SHAPE]))], (1, *SHAPE))
    after = body.op("ADD", [body.counter, body.constant(np.int32(1))], (), INT)
    begin, size = body.constant(np.int32([0, 0, 0])), body.vector(body.counter, -1, -1)
    first = body.op("SLICE", [old, begin, size], (1, *SHAPE))
    rest = [old, body.vector(after, 0, 0), body.constant(np.int32([-1, -1, -1]))]
    last = body.op("SLICE", rest, (1, *SHAPE))
    return body.op("CONCATENATION", [first, item, last], (ITEMS, *SHAPE), axis=0)


def _put(body: Body, old: Tensor) -> Tensor:
    item = body.op("RESHAPE", [body.value(), body.constant(np.int32([1, *SHAPE]))], (1, *SHAPE))
    return body.op("DYNAMIC_UPDATE_SLICE", [old, item, body.vector(body.counter, 0, 0)], (ITEMS, *SHAPE))


def _grow(body: Body, old: Tensor) -> Tensor:
    return body.op("CONCATENATION", [old, body.value()], SHAPE, axis=0)


def _shrink(body: Body, old: Tensor) -> Tensor:
    """All but the first row."""
    spec = [body.constant(np.int32(v)) for v in ([1, 0], [0, 0], [1, 1])]
    return body.op("STRIDED_SLICE", [old, *spec], (1, 3), end_mask=3)


def _turn(body: Body, old: Tensor) -> Tensor:
    return body.op("TRANSPOSE", [old, body.constant(np.int32([1, 0]))], SHAPE)


def _double(body: Body, old: Tensor) -> Tensor:
    return body.op("TILE", [old, body.constant(np.int32([2, 1]))], SHAPE)


def _pick(body: Body, old: Tensor) -> Tensor:
    """The row of itself that the counter names goes in front: its shape stays."""
    begin = body.vector(body.counter, 0, 0)
    one = body.op("SLICE", [old, begin, body.constant(np.int32([1, *SHAPE]))], (1, *SHAPE))
    zero, size = body.constant(np.int32([0, 0, 0])), body.constant(np.int32([ITEMS - 1, -1, -1]))
    rest = body.op("SLICE", [old, zero, size], (ITEMS - 1, *SHAPE))
    return body.op("CONCATENATION", [one, rest], (ITEMS, *SHAPE), axis=0)


def _count(body: Body, old: Tensor) -> Tensor:
    step = body.draw(st.sampled_from([body.counter, body.constant(np.int32(2))]))
    return body.op("ADD", [old, step], (), INT)


def _gather(body: Body, old: Tensor) -> Tensor:
    """old += items[counter] of a constant."""
    items = body.constant(np.arange(ITEMS * 6, dtype=np.float32).reshape(ITEMS, *SHAPE))
    item = body.op("GATHER", [items, body.counter], SHAPE, axis=0)
    return body.op("ADD", [old, item], SHAPE)


def _made(
    shape: tuple[int, ...], update: Callable[[Body, Tensor], Tensor], dtype: str = FLOAT
) -> Callable[..., Carried]:
    def make(draw: Any, g: Builder, values: list[Tensor]) -> Carried:
        start = draw(st.sampled_from(values)) if shape == SHAPE and draw(st.booleans()) else None
        known = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
        return Carried(g.constant(known) if start is None else start, update)

    return make


KINDS: dict[str, Callable[..., Carried]] = {
    "count": _made((), _count, INT),
    "double": _made(SHAPE, _double),
    "gather": _made(SHAPE, _gather),
    "grow": _made(SHAPE, _grow),
    "pick": _made((ITEMS, *SHAPE), _pick),
    "put": _made((ITEMS, *SHAPE), _put),
    "same": _made(SHAPE, _same),
    "set": _made((ITEMS, *SHAPE), _set),
    "shrink": _made((8, 3), _shrink),
    "state": _made(SHAPE, _state),
    "turn": _made(SHAPE, _turn),
}

X = np.float32([[1, 2, 3], [-4, 5, -6]]).reshape(SHAPE)
# x, how often the loops are to run, and where they begin
RUNS = [[X, np.int32(3), np.int32(0)], [-X, np.int32(0), np.int32(1)], [X, np.int32(5), np.int32(2)]]
