"""Ops that the interpreter itself runs: control flow, variables, hash tables, composites."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Tensor

from ..draft import Draft

SHAPE = (2, 3)
KEYS = ("int64", "string", "int32", "float32")


def if_(d: Draft, condition: str, t: str) -> None:
    branches = [_identity(d, t) for _ in range(2)]
    d.op(
        [d.input((), condition), d.input(SHAPE, t)],
        [d.output(SHAPE, t)],
        then_subgraph_index=branches[0],
        else_subgraph_index=branches[1],
    )


def case(d: Draft, index: str, t: str) -> None:
    branches = [_identity(d, t) for _ in range(2)]
    d.op(
        [d.input((), index, low=0, high=1), d.input(SHAPE, t)],
        [d.output(SHAPE, t)],
        branch_subgraph_indices=branches,
    )


def while_(d: Draft, t: str) -> None:
    """A loop of three rounds that carries a value of the type."""
    cond, body = d.builder.subgraph("cond"), d.builder.subgraph("body")
    n, _ = cond.input((), "int32"), cond.input(SHAPE, t)
    cond.returns(cond.op("LESS", [n, cond.constant(np.int32(3))], [cond.tensor((), "bool")]))
    n, x = body.input((), "int32"), body.input(SHAPE, t)
    more = body.op("ADD", [n, body.constant(np.int32(1))], [body.tensor((), "int32")])
    same = body.op("RESHAPE", [x], [body.tensor(SHAPE, t)], new_shape=SHAPE)
    body.returns(more, same)
    d.op(
        [d.input((), "int32", 0), d.input(SHAPE, t)],
        [d.output((), "int32"), d.output(SHAPE, t)],
        cond_subgraph_index=cond.index,
        body_subgraph_index=body.index,
    )


def composite(d: Draft, t: str) -> None:
    body = _identity(d, t)
    d.op([d.input(SHAPE, t)], [d.output(SHAPE, t)], name="test.same", decomposition_subgraph_index=body)


def variable(d: Draft, t: str) -> None:
    """A value that is assigned and read back; the op of the cell has its version."""
    g, x = d.builder, d.input(SHAPE, t)
    handle = g.tensor((), "resource")
    names: dict[str, Any] = {"container": "", "shared_name": "v"}
    y = d.output(SHAPE, t)
    steps: dict[str, tuple[list[Tensor], list[Tensor], dict[str, Any]]] = {
        "VAR_HANDLE": ([], [handle], names),
        "ASSIGN_VARIABLE": ([handle, x], [], {}),
        "READ_VARIABLE": ([handle], [y], {}),
    }
    for name, (inputs, outputs, options) in steps.items():
        g.op(name, inputs, outputs, **options)
    d.exit_with([y])


def call_once(d: Draft, t: str) -> None:
    """A variable that a subgraph sets, once, and the model reads."""
    g = d.builder
    names: dict[str, Any] = {"container": "", "shared_name": "v"}
    first = g.subgraph("init")
    handle = first.op("VAR_HANDLE", [], [first.tensor((), "resource")], **names)
    values = d.random(t, SHAPE)
    first.op("ASSIGN_VARIABLE", [handle, first.constant(values, t)], [])
    first.returns()
    g.op("CALL_ONCE", [], [], version=d.version, init_subgraph_index=first.index)
    handle = g.op("VAR_HANDLE", [], [g.tensor((), "resource")], **names)
    y = d.output(SHAPE, t)
    g.op("READ_VARIABLE", [handle], [y])
    d.exit_with([y])


def hash_table(d: Draft, key: str, value: str) -> None:
    """A table that is filled and asked for a key that it has and one that it lacks."""
    g = d.builder
    options: dict[str, Any] = {"table_id": 1, "key_dtype": key.upper(), "value_dtype": value.upper()}
    table = g.op("HASHTABLE", [], [g.tensor((1,), "resource")], **options)
    keys, values = (g.constant(_distinct(t, 3), t) for t in (key, value))
    g.op("HASHTABLE_IMPORT", [table, keys, values], [])
    asked, usual = d.input((2,), key, _distinct(key, 4)[1::2]), g.constant(_distinct(value, 9)[8:], value)
    found, size = d.output((2,), value), d.output((1,), "int64")
    g.op("HASHTABLE_FIND", [table, asked, usual], [found])
    g.op("HASHTABLE_SIZE", [table], [size])
    d.exit_with([found, size])


def _identity(d: Draft, t: str) -> int:
    g = d.builder.subgraph("branch")
    g.returns(g.op("RESHAPE", [g.input(SHAPE, t)], [g.tensor(SHAPE, t)], new_shape=SHAPE))
    return g.index


def _distinct(t: str, count: int) -> np.ndarray:
    if t == "string":
        return np.array([b"s%d" % i for i in range(count)], object)
    return np.arange(count).astype(t)
