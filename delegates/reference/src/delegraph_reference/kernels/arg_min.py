"""ARG_MIN: where along an axis the smallest value stands; the first of equals.

Source: tflite/kernels/arg_min_max.cc, internal/reference/arg_min_max.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op

from ..kernel import Kernel
from ._arg import prepare_arg, rows


def prepare(op: Op) -> Kernel:
    return prepare_arg(op, np.fmin, np.argmin)


SUPPORT = rows("ARG_MIN", prepare)
