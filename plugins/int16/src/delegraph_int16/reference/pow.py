"""POW: x to the power of y on int16, broadcast, rounded once; what no real number is becomes 0.

Defined in docs/int16.md; LiteRT lacks it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import operand
from delegraph_reference import Formula, Kernel, by_value

from ._pairs import by_stored_pairs
from ._rounded import real, stored
from ._rules import one_scale_each, symmetric


def prepare(op: Op) -> Kernel:
    """Return a table where the exponent is one constant."""
    x, y = operand(op, 0), operand(op, 1)
    if y.data is None or y.size != 1 or len(y.shape or ()) > len(x.shape or ()):
        return by_stored_pairs(formula_of)(op)
    exponent = y.data.reshape(())
    run = by_value(lambda op: lambda q: formula_of(op)(q, exponent))(op)
    return lambda x, y: run(x)


def formula_of(op: Op) -> Formula:
    x, y, out = operand(op, 0), operand(op, 1), op.outputs[0]
    return lambda a, b: stored(np.power(real(a, x), real(b, y)), out)


SUPPORT = [OpSupport("POW", (1, 1), "int16 int16 -> int16", (symmetric, one_scale_each), prepare)]
