"""EXP: e to the power of x on int16, interpolated between 513 samples.

Source: tflite/kernels/exp.cc.
"""

from __future__ import annotations

from delegraph import OpSupport
from delegraph_reference import exp

from ._interpolated import by_samples
from ._rules import one_scale_each, symmetric

SUPPORT = [
    OpSupport("EXP", (1, 2), "int16 -> int16", (symmetric, one_scale_each), by_samples(lambda op: exp))
]
