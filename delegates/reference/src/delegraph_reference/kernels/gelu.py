"""GELU: x * P(X <= x) of a normally distributed X, or its approximation by tanh.

8 bits: a table of the float32 function.

Source: tflite/kernels/activations.cc (GeluPrepare, GeluEval), internal/reference/gelu.h.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from delegraph import Op, OpSupport
from delegraph.rules import one_scale_each

from ..elementwise import by_formula
from ..kernel import Kernel, Prepare
from ..lut import by_real_value
from ..transcendental import gelu, gelu_by_tanh


def chosen(how: Callable[..., Prepare]) -> Prepare:
    """Return the prepare function that computes, in the way ``how``, what the op's options ask for."""

    def prepare(op: Op) -> Kernel:
        return how(gelu_by_tanh if op.options.approximate else gelu)(op)

    return prepare


_of_real = partial(by_formula, widen=False)  # LiteRT rounds float16 after each step
SUPPORT = [
    OpSupport("GELU", (1, 3), "T -> T", kernel=chosen(_of_real), T="float32 float16"),
    OpSupport("GELU", (1, 3), "T -> T", (one_scale_each,), chosen(by_real_value), T="int8 uint8"),
]
