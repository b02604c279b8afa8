"""What MAXIMUM and MINIMUM share.

Source: tflite/kernels/maximum_minimum.h (MaximumOp, MinimumOp).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import OpSupport
from delegraph.rules import one_scale_at_most

from ..elementwise import by_formula


def extremum_rows(op: str, first_wins: np.ufunc, of_integers: np.ufunc) -> list[OpSupport]:
    """Return the rows of the op that picks x where ``first_wins(x, y)``, else y."""
    floats = by_formula(_of_floats(first_wins, of_integers))
    return [
        OpSupport(op, (1, 4), "T T -> T", kernel=floats, T="float32 float16 bfloat16"),
        OpSupport(
            op,
            (1, 4),
            "T T -> T",
            (one_scale_at_most,),
            by_formula(of_integers),
            T="int8 uint8 int32 int64",
        ),
    ]


def _of_floats(first_wins: np.ufunc, extremum: np.ufunc) -> Callable[..., np.ndarray]:
    def formula(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        if np.isnan(x).any():  # LiteRT takes y where either of the two is NaN
            return np.where(first_wins(x, y), x, y)
        return extremum(x, y)  # type: ignore[no-any-return]

    return formula
