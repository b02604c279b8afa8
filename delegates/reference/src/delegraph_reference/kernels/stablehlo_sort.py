"""STABLEHLO_SORT: tensors in the order that a comparison of the values of one of them gives.

Source: StableHLO's specification of sort; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs
from delegraph.rules import same_shape, shape_of

from ..kernel import Kernel
from ._movement import axis_of
from ._stablehlo import NUMBERS
from ._total_order import total_order
from .stablehlo_compare import direction, in_total_order


def prepare(op: Op) -> Kernel:
    """Sort along ``dimension``. Equal values stay in their order, even without ``is_stable``."""
    key, falling = _key(op)
    axis = axis_of(op.options.dimension, len(shape_of(op.inputs[0])))
    total = in_total_order(op.bodies[0].ops[0])

    def run(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        values = arrays[key]
        order = _order(total_order(values) if total and values.dtype.kind == "f" else values, axis, falling)
        return tuple(np.take_along_axis(a, order, axis) for a in arrays)

    return run


def _order(values: np.ndarray, axis: int, falling: bool) -> np.ndarray:
    if not falling:
        return np.argsort(values, axis, kind="stable")
    last = values.shape[axis] - 1  # from the end on, so that equal values stay in their order
    return np.flip(last - np.argsort(np.flip(values, axis), axis, kind="stable"), axis)


def _key(op: Op) -> tuple[int, bool]:
    """Return which operand decides, and whether its largest value comes first."""
    body = op.bodies[0]
    given = [t.index for t in body.inputs]
    read = [given.index(t.index) for t in body.ops[0].inputs if t is not None]
    return read[0] // 2, (direction(body.ops[0]) in ("GT", "GE")) != (read[0] > read[1])


@needs("a comparator that is STABLEHLO_COMPARE, LT or GT, of the two values of one operand")
def one_comparison(op: Op) -> str | None:
    body = op.bodies[0] if op.bodies else None
    if body is None or [inner.name for inner in body.ops] != ["STABLEHLO_COMPARE"]:
        return "none" if body is None else ", ".join(inner.name for inner in body.ops) or "no op"
    (compare,) = body.ops
    given = [t.index for t in body.inputs]
    read = sorted(given.index(t.index) for t in compare.inputs if t is not None and t.index in given)
    pairs = [[2 * i, 2 * i + 1] for i in range(len(op.inputs))]
    fits = read in pairs and direction(compare) in ("LT", "GT") and len(given) == 2 * len(op.inputs)
    return None if fits else f"{direction(compare)} of arguments {read}"


SUPPORT = [
    OpSupport("STABLEHLO_SORT", (1, 1), "A -> A", (one_comparison, same_shape), prepare, A=NUMBERS),
    OpSupport(
        "STABLEHLO_SORT", (1, 1), "A B -> A B", (one_comparison, same_shape), prepare, A=NUMBERS, B=NUMBERS
    ),
]
