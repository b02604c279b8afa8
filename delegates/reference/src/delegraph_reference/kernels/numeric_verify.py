"""NumericVerify: how far a quantized tensor is from the float one it stands for; an error if it is too far.

Source: tflite/kernels/numeric_verify.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import InputError, Op, OpSupport, Shape, needs, shape_text
from delegraph.rules import one_scale_at_most, operand, stateless

from ..elementwise import quietly
from ..flexbuffer import FlexOptions
from ..kernel import Kernel

_LEAST_TOLERANCE = 0.1  # a smaller one never fails


def prepare(op: Op) -> Kernel:
    """x: quantized or float16, reference: float32 of its shape -> x's real values less the reference.

    With the option ``log_if_failed`` a difference of more than ``tolerance`` steps is an error.
    """
    x, options = operand(op, 0), FlexOptions(op)
    tolerance = np.float32(options.real("tolerance"))
    fails = options.flag("log_if_failed") and tolerance >= _LEAST_TOLERANCE
    most = tolerance * np.float32(x.scale)

    @quietly
    def run(stored: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray]:
        off = _real(op, stored) - reference
        if fails and (np.abs(off) > most).any():
            at = np.unravel_index(np.nanargmax(np.abs(off)), off.shape)
            place = ", ".join(map(str, map(int, at)))
            raise InputError(
                f"{op} needs values within {most:g} ({tolerance:g} steps) of the float ones, found one "
                f"that is off by {off[at]:g} at [{place}]"
            )
        return (off,)

    return run


def _real(op: Op, stored: np.ndarray) -> np.ndarray:
    x = operand(op, 0)
    if x.dtype == "float16":
        return stored.astype(np.float32)
    centered = stored.astype(np.float64) - x.zero_point
    return np.asarray(np.float64(np.float32(x.scale)) * centered, np.float32)


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    return [given[0]]


@needs("two tensors of one shape")
def same_shapes(op: Op) -> str | None:
    x, reference = (operand(op, i).shape for i in (0, 1))
    return None if x == reference else f"{shape_text(x)} and {shape_text(reference)}"


@needs("readable options")
def readable_options(op: Op) -> str | None:
    FlexOptions(op)
    return None


SUPPORT = [
    OpSupport(
        "NumericVerify",
        (1, 1),
        "uint8|int8|int16|float16 float32 -> float32",
        (stateless, same_shapes, readable_options, one_scale_at_most),
        prepare,
        shapes=shapes,
    )
]
