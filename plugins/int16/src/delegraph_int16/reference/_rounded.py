"""Ops that LiteRT lacks on int16: the function of what values stand for, rounded once.

Real values are float64, which holds a stored value times its scale exactly; docs/int16.md defines the ops.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op, Tensor, round_half_away
from delegraph.rules import operand
from delegraph_reference import Formula, Prepare, by_value

Function = Callable[[np.ndarray], np.ndarray]  # of float64


def by_function(function: Function) -> Prepare:
    """Return the prepare function of an op with one int16 input: ``function`` of its values, as a table."""

    def formula_of(op: Op) -> Formula:
        x, out = operand(op, 0), op.outputs[0]
        return lambda q: stored(function(real(q, x)), out)

    return by_value(formula_of)


def real(q: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return what int16 values stand for."""
    return np.asarray(np.multiply(q, tensor.scale, dtype=np.float64))


def stored(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return real values in steps of a tensor's scale, halves away from zero, within int16; 0 for NaN.

    :param values: float64
    """
    steps = round_half_away(values / tensor.scale).clip(-32768, 32767)
    return np.asarray(np.nan_to_num(steps, nan=0), np.int16)
