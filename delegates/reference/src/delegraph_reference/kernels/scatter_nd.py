"""SCATTER_ND: zeros with updates added at tuples of indices.

Source: tflite/kernels/scatter_nd.cc, internal/reference/reference_ops.h (ScatterNd).
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, shape_text

from ..elementwise import quietly
from ..kernel import Kernel
from ._movement import check_indices, ints


def prepare(op: Op) -> Kernel:
    """indices: (*picks, named axes), updates: (*picks, *axes not named); updates of one place add up."""

    @quietly
    def run(indices: np.ndarray, updates: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray]:
        size = ints(shape)
        if not indices.ndim or indices.shape[-1] > len(size):
            found = shape_text(indices.shape)
            raise InputError(f"needs indices of at most {len(size)} numbers, found {found}")
        places = tuple(indices[..., i] for i in range(indices.shape[-1]))
        if updates.shape != (*indices.shape[:-1], *size[len(places) :]):
            needed = f"updates for {shape_text(indices.shape)} indices of {shape_text(size)}"
            raise InputError(f"needs {needed}, found {shape_text(updates.shape)}")
        for axis, place in enumerate(places):
            check_indices(place, size[axis])
        out = np.zeros(size, updates.dtype)
        np.add.at(out, places, updates)
        return (out,)

    return run


SUPPORT = [
    OpSupport(
        "SCATTER_ND",
        (1, 1),
        "int32 T int32 -> T",
        T="float32 int8 uint8 int32 int64 bool",
        kernel=prepare,
    )
]
