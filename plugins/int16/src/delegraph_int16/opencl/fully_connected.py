"""FULLY_CONNECTED with int16 x and constant integer weights (units, depth): exact sums of rows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph.rules import constant, dense, filled, symmetric_weights
from delegraph_opencl import Kernel, Launch, Node, Target, product

from ..reference import fully_connected
from ._claims import as_numpy, data_of
from ._direct import direct
from ._epilogue import of_fully_connected, of_int16_weights
from ._panels import multiplied


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    x, weights, y = node.input(0), data_of(node.op, 1), node.outputs[0]
    assert weights is not None
    units, depth = weights.shape
    if not y.size:
        return
    is_wide = weights.dtype == np.int16
    epilogue = (of_int16_weights if is_wide else of_fully_connected)(
        node.op, weights.T, data_of(node.op, 2), target
    )
    launch = direct if is_wide or target.variant == "gpu" else multiplied
    g = product(x.size // depth, depth, units)
    yield launch(g, x, weights.reshape(units, 1, 1, depth), y, epilogue, target, f"{node.op}: weights")


_CONSTRAINTS = (constant("weights and bias", 1, 2), dense, filled, symmetric_weights)
SUPPORT = as_numpy(fully_connected.SUPPORT, Kernel(_launches), *_CONSTRAINTS)
