"""GATHER_ND: elements or slices of a tensor, picked by tuples of indices.

Source: tflite/kernels/gather_nd.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import indices_for_axes, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, check_indices


def prepare(op: Op) -> Kernel:
    """Return x[indices[..., 0], indices[..., 1], …]; axes of x that no index names are taken whole."""
    shape = shape_of(op.inputs[0])

    def run(x: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray]:
        places = tuple(indices[..., i] for i in range(indices.shape[-1]))
        for size, place in zip(shape, places, strict=False):
            check_indices(place, size)
        if not places:
            return (np.broadcast_to(x, (*indices.shape[:-1], *shape)),)
        return (np.asarray(x[places], x.dtype),)

    return run


SUPPORT = [
    OpSupport(
        "GATHER_ND",
        (1, 6),
        "T int16|int32|int64 -> T",
        T=EVERY_TYPE,
        constraints=(indices_for_axes,),
        kernel=prepare,
    )
]
