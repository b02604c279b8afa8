"""FLOOR_MOD: what x leaves divided by y, with y's sign, of two broadcast operands.

8 bits are plain numbers here. A zero among integer divisors is an error; among floats it gives NaN.

Source: tflite/kernels/floor_mod.cc, internal/reference/binary_function.h (FloorMod).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import one_scale_at_most

from ..elementwise import by_formula
from ..kernel import Kernel
from .div import check_divisor


def floor_mod(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    cut = np.asarray(np.fmod(x, y))
    np.add(cut, y, out=cut, where=(cut != 0) & ((y < 0) != (cut < 0)))
    return cut


def prepare_integers(op: Op) -> Kernel:
    run_unchecked = by_formula(floor_mod)(op)

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        check_divisor(y)
        return run_unchecked(x, y)

    return run


SUPPORT = [
    OpSupport("FLOOR_MOD", (1, 2), "float32 float32 -> float32", kernel=by_formula(floor_mod)),
    OpSupport(
        "FLOOR_MOD", (1, 2), "T T -> T", (one_scale_at_most,), prepare_integers, T="int8 int32 int64"
    ),
]
