"""The kernel protocol: how an op of the reference delegate is written.

A module of ``kernels/`` defines one op. Its ``SUPPORT`` lists the rows, each with a *prepare* function::

    def prepare_float(op: Op) -> Kernel:
        low, high = float_range(op)            # once: constants, shapes, tables

        def run(x, y):                         # per inference: arrays in the order of op.inputs
            return (np.clip(x + y, low, high),)

        return run

``run`` gets an array for each input of the op, constants included, None for one that is absent. It never
writes to an input, which may lie in memory in any order (a slice, an axis read backwards). It may return a
view of one; an op that only reorders axes (TRANSPOSE) copies instead, so that its readers run along memory.
Shapes are known in prepare. It returns one array per output, of exactly the output's dtype and shape; for
an op with state, the next values of ``op.variables`` follow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op

Kernel = Callable[..., tuple[np.ndarray, ...]]
Prepare = Callable[[Op], Kernel]
Finish = Callable[[np.ndarray, np.ndarray], None]  # (sums: (n, channels), where to write the results)
