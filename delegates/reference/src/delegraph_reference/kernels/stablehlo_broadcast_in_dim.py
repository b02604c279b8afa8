"""STABLEHLO_BROADCAST_IN_DIM: a tensor repeated along new axes and along those of size 1.

Source: StableHLO's specification of broadcast_in_dim; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE
from ._stablehlo import ints


def prepare(op: Op) -> Kernel:
    """Axis i of x lies along axis ``broadcast_dimensions[i]`` of the output, whose shape is in the file."""
    shape, axes = shape_of(op.outputs[0]), ints(op.options.broadcast_dimensions)
    order = sorted(range(len(axes)), key=axes.__getitem__)
    sizes = dict(zip(axes, shape_of(op.inputs[0]), strict=True))
    between = [sizes.get(a, 1) for a in range(len(shape))]

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (np.broadcast_to(x.transpose(order).reshape(between), shape),)

    return run


@needs("an axis of the output for each axis of the input, of its size or for one of size 1")
def fitting_axes(op: Op) -> str | None:
    x, out, axes = shape_of(op.inputs[0]), shape_of(op.outputs[0]), ints(op.options.broadcast_dimensions)
    fits = len(axes) == len(x) == len(set(axes)) and all(0 <= a < len(out) for a in axes)
    fits = fits and all(d in (1, out[a]) for d, a in zip(x, axes, strict=True))
    return None if fits else f"{shape_text(x)} along {axes} of {shape_text(out)}"


SUPPORT = [
    OpSupport("STABLEHLO_BROADCAST_IN_DIM", (1, 1), "T -> T", (fitting_axes,), prepare, T=EVERY_TYPE)
]
