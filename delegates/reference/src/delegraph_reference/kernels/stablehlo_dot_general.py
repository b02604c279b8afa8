"""STABLEHLO_DOT_GENERAL: sums of products along any axes of two tensors, batch by batch.

Half precision is summed up in float32; integers wrap.

Source: StableHLO's specification of dot_general; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import DTYPES, Op, OpSupport
from delegraph.rules import shape_of

from .. import bfloat16
from ..elementwise import quietly
from ..kernel import Kernel
from ._stablehlo import ints


def prepare(op: Op) -> Kernel:
    """Return (*batch, *rest of x, *rest of y)."""
    o, shape, out = op.options, shape_of(op.outputs[0]), op.outputs[0].dtype
    x_batch, y_batch = ints(o.lhs_batching_dimensions), ints(o.rhs_batching_dimensions)
    x_summed, y_summed = ints(o.lhs_contracting_dimensions), ints(o.rhs_contracting_dimensions)

    @quietly
    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        a = _matrices(_wide(x, op, 0), x_batch, x_summed)
        b = _matrices(_wide(y, op, 1), y_batch, y_summed)
        sums = np.matmul(a, b.swapaxes(1, 2)).reshape(shape)
        return (bfloat16.narrow(sums) if out == "bfloat16" else sums.astype(DTYPES[out].numpy, copy=False),)

    return run


def _wide(x: np.ndarray, op: Op, index: int) -> np.ndarray:
    """Return an operand in the type in which products are summed up."""
    tensor, out = op.inputs[index], op.outputs[0].dtype
    assert tensor is not None
    if tensor.dtype == "bfloat16":
        return bfloat16.widen(x)
    return x.astype(np.float32 if out == "float16" else DTYPES[out].numpy, copy=False)


def _matrices(x: np.ndarray, batch: tuple[int, ...], summed: tuple[int, ...]) -> np.ndarray:
    """Return x as (batch, rest, summed)."""
    rest = [a for a in range(x.ndim) if a not in (*batch, *summed)]
    sizes = (int(np.prod([x.shape[a] for a in axes], dtype=np.int64)) for axes in (batch, rest, summed))
    return np.asarray(x.transpose(*batch, *rest, *summed).reshape(tuple(sizes)))


SUPPORT = [
    OpSupport(
        "STABLEHLO_DOT_GENERAL",
        (1, 1),
        "T T -> T",
        kernel=prepare,
        T="float32 float16 bfloat16 float64 int8 uint8 int32 uint32 int64",
    ),
    OpSupport("STABLEHLO_DOT_GENERAL", (1, 1), "T T -> int32", kernel=prepare, T="int8 uint8"),
    OpSupport("STABLEHLO_DOT_GENERAL", (1, 1), "T T -> float32", kernel=prepare, T="float16 bfloat16"),
]
