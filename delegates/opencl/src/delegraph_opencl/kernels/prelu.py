"""PRELU: x, or alpha * x below 0, with an alpha for each channel or any part of the tensor.

Source: tflite/delegates/gpu/common/model_builder.cc (PReLUOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph import Op, OpSupport, needs

from ..families.elementwise import elementwise
from ..families.support_rows import float_rows
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    kernel = elementwise("({0} < 0 ? {0} * {1} : {0})")
    return float_rows("PRELU", kernel, options, last=1, where=[fitting_alpha])


@needs("an alpha that broadcasts to the input's shape")
def fitting_alpha(op: Op) -> str | None:
    x, alpha = (t.shape or () for t in op.inputs if t is not None)
    return None if np.broadcast_shapes(x, alpha) == x else f"shapes {x} and {alpha}"
