"""NEG: -x. Integers wrap, and int8 is a plain number: scale and zero point have no say.

Source: tflite/kernels/neg.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport
from delegraph.rules import one_scale_at_most

from ..elementwise import by_formula

SUPPORT = [
    OpSupport(
        "NEG",
        (1, 1),
        "T -> T",
        (one_scale_at_most,),
        kernel=by_formula(np.negative),
        T="float32 float16 bfloat16 int8 int32 int64",
    )
]
