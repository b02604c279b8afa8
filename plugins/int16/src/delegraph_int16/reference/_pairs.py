"""Elementwise ops on two int16 operands, which numpy broadcasts: formulas on stored values, tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import DTYPES, Op, Tensor
from delegraph_reference import Formula, Kernel, Prepare, quietly, stored_values


def by_stored_pairs(formula_of: Callable[[Op], Formula]) -> Prepare:
    """Return the prepare function of an op whose formula gets stored values as int64 and returns such."""

    def prepare(op: Op) -> Kernel:
        formula, dtype = formula_of(op), DTYPES[op.outputs[0].dtype].numpy

        @quietly
        def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
            return (formula(x.astype(np.int64), y.astype(np.int64)).astype(dtype),)

        return run

    return prepare


def looked_up(formula: Formula, tensor: Tensor) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function of int16 values whose results, int32, come from a table made here."""
    table = formula(stored_values(tensor)).astype(np.int32)
    return lambda x: np.asarray(table.take(x.view(np.uint16)))
