"""CONCATENATION: tensors one behind the other along an axis.

Source: tflite/kernels/concatenation.cc, internal/reference/concatenation.h (ConcatenationWithScaling).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, Tensor, round_half_away
from delegraph.rules import no_activation, one_scale_at_most, same_quantization, shape_of

from ..elementwise import to_int32
from ..kernel import Kernel
from ._movement import EVERY_TYPE, axis_of


def prepare(op: Op) -> Kernel:
    axis = axis_of(op.options.axis, len(shape_of(op.inputs[0])))

    def run(*arrays: np.ndarray) -> tuple[np.ndarray]:
        return (np.concatenate(arrays, axis),)

    return run


def prepare_uint8(op: Op) -> Kernel:
    """uint8: an input of another scale or zero point than the output's is brought to it, by a table."""
    axis = axis_of(op.options.axis, len(shape_of(op.inputs[0])))
    tables = [_table(t, op.outputs[0]) for t in op.inputs if t is not None]

    def run(*arrays: np.ndarray) -> tuple[np.ndarray]:
        stored = [a if t is None else t.take(a) for t, a in zip(tables, arrays, strict=True)]
        return (np.concatenate(stored, axis),)

    return run


def _table(x: Tensor, out: Tensor) -> np.ndarray | None:
    """Return the output's stored value for each stored value of x, None where they are the same."""
    if (x.scale, x.zero_point) == (out.scale, out.zero_point):
        return None
    # stored_out = round(stored * ratio - zero_point * ratio) + zero_point_out, all in float32
    with np.errstate(all="ignore"):
        ratio = np.float32(x.scale) * (np.float32(1) / np.float32(out.scale))
        real = np.arange(256, dtype=np.float32) * ratio + np.float32(-x.zero_point) * ratio
        stored = to_int32(round_half_away(real)) + out.zero_point
    return np.asarray(np.clip(stored, 0, 255), np.uint8)


_OTHERS = EVERY_TYPE.replace(" int8", "").replace(" uint8", "")
SUPPORT = [
    OpSupport(
        "CONCATENATION",
        (1, 7),
        "T T* -> T",
        T=_OTHERS,
        constraints=(no_activation, same_quantization()),
        kernel=prepare,
    ),
    OpSupport(
        "CONCATENATION",
        (1, 7),
        "int8 int8* -> int8",
        constraints=(no_activation, same_quantization()),
        kernel=prepare,
    ),
    OpSupport(
        "CONCATENATION",
        (1, 7),
        "uint8 uint8* -> uint8",
        constraints=(no_activation, one_scale_at_most),
        kernel=prepare_uint8,
    ),
]
