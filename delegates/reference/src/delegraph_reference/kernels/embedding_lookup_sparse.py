"""EMBEDDING_LOOKUP_SPARSE: rows of a table, weighted and combined by the place where each is wanted.

Source: tflite/kernels/embedding_lookup_sparse.cc.
"""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
from delegraph import InputError, Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..elementwise import quietly
from ..kernel import Kernel
from ._movement import check_indices, ints


def prepare(op: Op) -> Kernel:
    """ids: (n,), places: (n, axes), shape: (axes,), weights: (n,), table: (rows, *rest).

    The result is (*shape without its last axis, *rest): the rows wanted at one place, times their weights,
    added up; divided by the sum of the weights (MEAN) or by the root of the sum of their squares (SQRTN).
    """
    combiner = op.options.combiner
    rest = shape_of(op.inputs[4])[1:]

    @quietly
    def run(
        ids: np.ndarray, places: np.ndarray, shape: np.ndarray, weights: np.ndarray, table: np.ndarray
    ) -> tuple[np.ndarray]:
        size = ints(shape)[:-1]
        check_indices(ids, len(table), "rows")
        buckets = _buckets(places, size)
        out = np.zeros((math.prod(size), *rest), np.float64)
        # Places that return after others were named are divided again: LiteRT wants them sorted.
        for bucket, group in groupby(range(len(ids)), buckets.__getitem__):
            wanted = list(group)
            factors = weights[wanted].astype(np.float64)
            out[bucket] += np.tensordot(factors, table[ids[wanted]].astype(np.float64), 1)
            out[bucket] /= _divisor(combiner, factors)
        return (out.astype(np.float32).reshape(*size, *rest),)

    return run


def _buckets(places: np.ndarray, size: tuple[int, ...]) -> list[int]:
    if places.shape[1] != len(size) + 1:
        raise InputError(f"needs places of {len(size) + 1} axes, found {places.shape[1]}")
    for axis, length in enumerate(size):
        check_indices(places[:, axis], length, "places")
    leading = tuple(places[:, axis] for axis in range(len(size)))
    return np.ravel_multi_index(leading, size).tolist() if size else [0] * len(places)


def _divisor(combiner: str, weights: np.ndarray) -> float:
    if combiner == "MEAN":
        return float(weights.sum())
    return math.sqrt(float(weights @ weights)) if combiner == "SQRTN" else 1.0


@needs("as many ids, places and weights, and a table of at least 2 axes")
def one_weight_each(op: Op) -> str | None:
    ids, places, shape, weights, table = (shape_of(t) for t in op.inputs)
    fits = len(places) == 2 and ids == weights == places[:1] and len(shape) == 1 and len(table) >= 2
    return (
        None
        if fits
        else f"shapes {shape_text(ids)}, {shape_text(places)}, {shape_text(weights)}, {shape_text(table)}"
    )


SUPPORT = [
    OpSupport(
        "EMBEDDING_LOOKUP_SPARSE",
        (1, 1),
        "int32 int32 int32 float32 float32 -> float32",
        constraints=(one_weight_each,),
        kernel=prepare,
    )
]
