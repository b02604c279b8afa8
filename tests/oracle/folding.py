"""Programs of ops of constants, drawn by hypothesis: chains of them, and what becomes of each result.

It is a variable, an output of the model, an operand of control flow, read by several, or all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from campaign import Program
from delegraph.model import Builder, Tensor
from hypothesis import strategies as st

SHAPE = (2, 3)
INT = "int32"
# Makers of foldable ops: (builder, two operands of SHAPE, what makes the tensor to write) -> result
Make = Callable[[Builder, Tensor, Tensor, Any], Tensor]
ELEMENTWISE = ["ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"]


def _binary(name: str) -> Make:
    return lambda g, x, y, out: g.op(name, [x, y], [out(SHAPE)])


def _reading(name: str, operand: Any, shape: tuple[int, ...], **options: Any) -> Make:
    def make(g: Builder, x: Tensor, y: Tensor, out: Any) -> Tensor:
        operands = [] if operand is None else [g.constant(np.array(operand, np.int32))]
        return g.op(name, [x, *operands], [out(shape)], **options)  # type: ignore[no-any-return]

    return make


MAKERS: dict[str, Make] = {
    **{name: _binary(name) for name in ELEMENTWISE},
    "CAST": _reading("CAST", None, SHAPE, in_data_type="INT32", out_data_type="INT32"),
    "CONCATENATION": lambda g, x, y, out: g.op("CONCATENATION", [x, y], [out((4, 3))], axis=0),
    "FILL": lambda g, x, y, out: g.op(
        "FILL", [g.constant(np.int32(SHAPE)), g.constant(np.int32(7))], [out(SHAPE)]
    ),
    "GATHER": _reading("GATHER", [1, 0, 1], (3, 3), axis=0),
    "NEG": _reading("NEG", None, SHAPE),
    "RANGE": lambda g, x, y, out: g.op("RANGE", [g.constant(np.int32(v)) for v in (1, 9, 3)], [out((3,))]),
    "RANK": _reading("RANK", None, ()),
    "RESHAPE": _reading("RESHAPE", [3, 2], (3, 2), new_shape=(3, 2)),
    "REVERSE_V2": _reading("REVERSE_V2", [1], SHAPE),
    "SHAPE": _reading("SHAPE", None, (2,), out_type="INT32"),
    "SUM": lambda g, x, y, out: g.op("SUM", [x, g.constant(np.int32([0]))], [out((3,))], keep_dims=False),
    "TILE": _reading("TILE", [1, 2], (2, 6)),
    "TRANSPOSE": _reading("TRANSPOSE", [1, 0], (3, 2)),
}
ROLES = ["variable", "output", "added", "branch", "loop", "read before"]


@st.composite
def chains(draw: Any) -> Program:
    """Make a model: ops of constants, each result with one to three roles."""
    g = Builder()
    x = g.input(SHAPE, INT)
    known = [g.constant(np.arange(6, dtype=np.int32).reshape(SHAPE)), x]
    outputs: list[Tensor] = []
    for name in draw(st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=4)):
        roles = draw(st.sets(st.sampled_from(ROLES), min_size=1, max_size=3))
        foldable = [t for t in known if t is not x]
        reads_values = name not in ("SHAPE", "RANK")
        first = draw(st.sampled_from(foldable if reads_values else known))
        result = _written(g, MAKERS[name], first, draw(st.sampled_from(foldable)), roles, outputs)
        if result.shape == SHAPE:
            known.append(result)
        for role in sorted(roles & _USES.keys()):
            outputs.append(_USES[role](g, result))
        if "output" in roles or not roles & _USES.keys():
            outputs.append(result)
    outputs.append(g.op("ADD", [x, x], [g.tensor(SHAPE, INT)]))
    return Program(g.model(outputs=_distinct(outputs)))


def _written(
    g: Builder, make: Make, x: Tensor, y: Tensor, roles: set[str], outputs: list[Tensor]
) -> Tensor:
    def out(shape: tuple[int, ...]) -> Tensor:
        if not roles & {"variable", "read before"}:
            return g.tensor(shape, INT)
        made = g.variable(shape, INT)
        if "read before" in roles:  # by an op that sees what the run before left
            outputs.append(g.op("ADD", [made, made], [g.tensor(shape, INT, name="before")]))
        return made

    return make(g, x, y, out)


def _added(g: Builder, value: Tensor) -> Tensor:
    return g.op("ADD", [value, value], [g.tensor(value.shape or (), INT)])  # type: ignore[no-any-return]


def _branch(g: Builder, value: Tensor) -> Tensor:
    """if reduced(x) > 0: -value, else value + value."""
    shape = value.shape or ()
    then, otherwise = g.subgraph("then"), g.subgraph("else")
    a, b = then.input(shape, INT), otherwise.input(shape, INT)
    then.returns(then.op("NEG", [a], [then.tensor(shape, INT)]))
    otherwise.returns(otherwise.op("ADD", [b, b], [otherwise.tensor(shape, INT)]))
    zero = g.constant(np.int32(0))
    total = g.op("SUM", [g._inputs[0], g.constant(np.int32([0, 1]))], [g.tensor((), INT)], keep_dims=False)
    positive = g.op("GREATER", [total, zero], [g.tensor((), "bool")])
    return g.op(  # type: ignore[no-any-return]
        "IF", [positive, value], [g.tensor(shape, INT)],
        then_subgraph_index=then.index, else_subgraph_index=otherwise.index,
    )  # fmt: skip


def _loop(g: Builder, value: Tensor) -> Tensor:
    """n, v = 0, value; while n < 3: n, v = n + 1, v + v."""
    shape = value.shape or ()
    cond, body = g.subgraph("cond"), g.subgraph("body")
    n, _ = cond.input((), INT), cond.input(shape, INT)
    cond.returns(cond.op("LESS", [n, cond.constant(np.int32(3))], [cond.tensor((), "bool")]))
    m, v = body.input((), INT), body.input(shape, INT)
    more = body.op("ADD", [m, body.constant(np.int32(1))], [body.tensor((), INT)])
    body.returns(more, body.op("ADD", [v, v], [body.tensor(shape, INT)]))
    _, end = g.op(
        "WHILE", [g.constant(np.int32(0)), value], [g.tensor((), INT), g.tensor(shape, INT)],
        cond_subgraph_index=cond.index, body_subgraph_index=body.index,
    )  # fmt: skip
    return end  # type: ignore[no-any-return]


_USES = {"added": _added, "branch": _branch, "loop": _loop}


def _distinct(tensors: list[Tensor]) -> list[Tensor]:
    return list({t.index: t for t in tensors}.values())


RUNS = [[np.full(SHAPE, value, np.int32)] for value in (2, -1)]


def is_open(run: int, output: str) -> bool:
    """Say whether an output is not compared: LiteRT computes some ops of constants before the first run."""
    return run == 0 and output == "before"
