"""SUB: elementwise difference of two broadcast operands, and a fused activation.

Source: tflite/kernels/sub.cc, internal/reference/sub.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport
from delegraph.rules import known_activation

from ._rescaled_sum import fine_enough_output, one_scale_kept, rescaled_sum
from ._rules import one_scale_each, symmetric

SUPPORT = [
    OpSupport(
        "SUB",
        (1, 5),
        "int16 int16 -> int16",
        (known_activation, symmetric, one_scale_each, fine_enough_output, one_scale_kept),
        rescaled_sum(np.subtract),
    ),
]
