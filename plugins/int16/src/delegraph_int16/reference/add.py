"""ADD: elementwise sum of two broadcast operands, and a fused activation; without scales it wraps.

Source: tflite/kernels/add.cc, internal/reference/add.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport
from delegraph.rules import known_activation
from delegraph_reference import by_formula

from ._rescaled_sum import fine_enough_output, one_scale_kept, rescaled_sum
from ._rules import one_scale_each, symmetric, unscaled

SUPPORT = [
    OpSupport(
        "ADD",
        (1, 6),
        "int16 int16 -> int16",
        (known_activation, symmetric, one_scale_each, fine_enough_output, one_scale_kept),
        rescaled_sum(np.add),
    ),
    OpSupport("ADD", (1, 6), "int16 int16 -> int16", (known_activation, unscaled), by_formula(np.add)),
]
