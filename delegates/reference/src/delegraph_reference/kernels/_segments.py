"""SEGMENT_SUM and UNSORTED_SEGMENT_*: what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from delegraph import InputError, Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..elementwise import quietly, some_negative_zero
from ..kernel import Kernel
from ._movement import scalar


def unsorted_row(op: str, combine: np.ufunc, start: Callable[[Any], object]) -> OpSupport:
    """Return the row of an op on segments in any order.

    :param start: returns what a segment without slices holds, of the limits of the type.
    """

    def prepare(op: Op) -> Kernel:
        dtype = np.dtype(op.outputs[0].dtype)
        limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
        return _prepare_unsorted(op, combine, start(limits))

    return OpSupport(op, (1, 1), "T int32 int32 -> T", (segment_ids_of_rows,), prepare, T="float32 int32")


def _prepare_unsorted(op: Op, combine: np.ufunc, start: object) -> Kernel:
    """x: (*ids, *rest), ids: any shape -> (segments, *rest); a segment without slices holds ``start``.

    Slices are combined in float64 where they are float32. A slice with a negative id is left out.
    """
    dtype = np.dtype(op.outputs[0].dtype)
    wide = np.dtype(np.float64) if dtype.kind == "f" else dtype

    @quietly
    def run(x: np.ndarray, ids: np.ndarray, segments: np.ndarray) -> tuple[np.ndarray]:
        count = scalar(segments)
        if ids.size and ids.max() >= count:
            raise InputError(f"needs segment ids below {count}, found {int(ids.max())}")
        out = np.full((count, *x.shape[ids.ndim :]), start, wide)
        kept = ids >= 0
        combine.at(out, ids[kept], x[kept])
        if combine in (np.fmax, np.fmin) and some_negative_zero(x):
            _sign_zeros(out, ids[kept], x[kept])
        return (out.astype(dtype, copy=False),)

    return run


def _sign_zeros(extremes: np.ndarray, ids: np.ndarray, slices: np.ndarray) -> None:
    """Give zeros the sign of the first zero of their segment."""
    unsigned = extremes == 0
    for segment, values in zip(ids, slices, strict=True):
        here = unsigned[segment] & (values == 0)
        extremes[segment] = np.where(here, values, extremes[segment])
        unsigned[segment] &= ~here


def summed(x: np.ndarray, ids: np.ndarray, count: int) -> np.ndarray:
    out = np.zeros((count, *x.shape[1:]), np.float64 if x.dtype.kind == "f" else x.dtype)
    np.add.at(out, ids, x)
    return out.astype(x.dtype, copy=False)


@needs("a segment id for each slice")
def segment_ids_of_rows(op: Op) -> str | None:
    shape, ids = shape_of(op.inputs[0]), shape_of(op.inputs[1])
    return (
        None if ids and ids == shape[: len(ids)] else f"ids {shape_text(ids)} for shape {shape_text(shape)}"
    )
