"""SPARSE_TO_DENSE: values put at given indices of a tensor of one default value.

Source: tflite/kernels/sparse_to_dense.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, shape_text
from delegraph.rules import one_value

from ..kernel import Kernel
from ._movement import EVERY_TYPE, check_indices, ints


def prepare(op: Op) -> Kernel:
    """indices: (), (values,) or (values, axes); values: one for all, or one each."""

    def run(
        indices: np.ndarray, shape: np.ndarray, values: np.ndarray, default: np.ndarray
    ) -> tuple[np.ndarray]:
        size = ints(shape)
        places = indices if indices.ndim == 2 else indices.reshape(-1, 1)
        if places.shape[1] != len(size):
            raise InputError(f"needs indices of {len(size)} axes, found {places.shape[1]}")
        for axis, length in enumerate(size):
            check_indices(places[:, axis], length)
        if values.size != 1 and values.shape != (len(places),):
            raise InputError(
                f"needs one value, or {len(places)} of them, found shape {shape_text(values.shape)}"
            )
        out = np.full(size, default.reshape(()), values.dtype)
        out[tuple(places.T)] = values.reshape(-1)
        return (out,)

    return run


SUPPORT = [
    OpSupport(
        "SPARSE_TO_DENSE",
        (1, 3),
        "int32|int64 int32|int64 T T -> T",
        (one_value(3, "default"),),
        prepare,
        T=EVERY_TYPE,
    )
]
