"""What the elementwise StableHLO ops share: operands of one shape and one type, no activation.

Source: tflite/kernels/stablehlo_elementwise.{cc,h}.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from delegraph import OpSupport
from delegraph.rules import same_shape

from ..elementwise import by_formula

NUMBERS = "float32 float16 float64 int8 uint8 uint16 int32 uint32 int64 uint64 bool"
REALS = "float32 float16 bfloat16 float64"
SIGNED = f"{REALS} int8 int32 int64"
INTEGERS = "int8 uint8 uint16 int32 uint32 int64 uint64 bool"


def stablehlo_row(op: str, formula: Callable[..., np.ndarray], types: str) -> OpSupport:
    """Return the row of a StableHLO op."""
    return OpSupport(op, (1, 1), "T T -> T", (same_shape,), by_formula(formula), T=types)


def stablehlo_unary_row(op: str, formula: Callable[..., np.ndarray], types: str) -> OpSupport:
    """Return the row of a StableHLO op on one operand."""
    return OpSupport(op, (1, 1), "T -> T", (), by_formula(formula), T=types)


def rounded_once(formula: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Return a formula on floats, computed in float64 and rounded to the operands' type at the end."""

    def function(*operands: np.ndarray) -> np.ndarray:
        wide = formula(*(x.astype(np.float64, copy=False) for x in operands))
        return np.asarray(wide).astype(operands[0].dtype, copy=False)

    return function


def ints(values: Any) -> tuple[int, ...]:
    """Return an option that is a vector of integers; () where the file leaves it out."""
    return () if values is None else tuple(int(v) for v in values)


def place_inside(
    starts: Sequence[np.ndarray], sizes: Sequence[int], shape: Sequence[int]
) -> tuple[slice, ...]:
    """Return where a block lies that begins at ``starts``, moved as far as needed to lie inside."""
    spec = zip(starts, sizes, shape, strict=True)
    begins = [min(max(int(start), 0), size - block) for start, block, size in spec]
    return tuple(slice(b, b + block) for b, block in zip(begins, sizes, strict=True))
