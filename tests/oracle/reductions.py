"""What the tests of the reductions share."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import strategies as st
from movement import operand
from strategies import axes, shapes


@st.composite
def reductions(draw: Any, min_side: int = 1) -> dict[str, Any]:
    """A shape, axes of it (some from the end, some twice, perhaps none), and whether they stay."""
    shape = draw(shapes(0, 5, min_side, 5))
    chosen = draw(st.lists(axes(len(shape)), max_size=4)) if shape else []
    # LiteRT's Python interface cannot read an empty tensor whose shape it knew only while running.
    computed = 0 not in shape and draw(st.booleans())
    return {"shape": shape, "axes": chosen, "keep_dims": draw(st.booleans()), "computed": computed}


def reduced_shape(case: dict[str, Any]) -> tuple[int, ...]:
    """Return the output's shape."""
    shape = case["shape"]
    gone = {axis % len(shape) for axis in case["axes"]}
    sizes = (
        (1 if axis in gone else d) for axis, d in enumerate(shape) if case["keep_dims"] or axis not in gone
    )
    return tuple(sizes)


def reduction(
    op: str, case: dict[str, Any], dtype: str, version: int = 1, stored: Any = None, out: Any = None
) -> tuple[Model, list[np.ndarray]]:
    """Return a model of one reduction, and the axes as an input of it if they are computed."""
    g = Builder()
    x = g.input(case["shape"], dtype, **(stored or {}))
    axis = operand(g, np.array(case["axes"], np.int32), case["computed"])
    y = g.tensor(reduced_shape(case), dtype, **(out or stored or {}))
    g.op(op, [x, axis], [y], version=version, keep_dims=case["keep_dims"])
    return g.model(), [np.array(case["axes"], np.int32)] if case["computed"] else []
