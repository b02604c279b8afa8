"""STABLEHLO_REDUCE_WINDOW: one value for each place of a window that slides over a padded tensor.

Source: tflite/kernels/stablehlo_reduce_window.cc.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..elementwise import quietly
from ..kernel import Kernel
from ._body import COMBINATIONS, body_among, combination
from ._edges import MOST_PADDED, edged, prepare_edges, too_far
from ._sliding import Sliding, one_initial_value, reduce_windows


def prepare(op: Op) -> Kernel:
    """Put ``init`` between the elements of x (base_dilations) and around them, and reduce each window.

    x: any shape but a scalar's; the options have one number, the padding two, for each of its axes.
    """
    spec, reduce = _Reduction(op), combination(op)
    pad = prepare_edges(shape_of(op.inputs[0]), spec.low, [n - 1 for n in spec.base], spec.high)

    @quietly
    def run(x: np.ndarray, init: np.ndarray) -> tuple[np.ndarray]:
        return (reduce_windows(pad(x, init), init, spec.windows, reduce),)

    return run


class _Reduction:
    """The options, with what stands for those left out."""

    def __init__(self, op: Op) -> None:
        rank, o = len(shape_of(op.inputs[0])), op.options
        ones = (1,) * rank
        dilations = _ints(o.window_dilations) or ones
        self.windows = Sliding(_ints(o.window_dimensions), _ints(o.window_strides) or ones, dilations)
        self.base = _ints(o.base_dilations) or ones
        self.padding = _ints(o.padding) or (0, 0) * rank
        self.low, self.high = self.padding[::2], self.padding[1::2]


def _ints(values: Any) -> tuple[int, ...]:
    return () if values is None else tuple(int(v) for v in values)


@needs(
    "1 to 6 axes, a window, strides and dilations of at least 1 along each of them, and pairs of padding"
)
def fitting_window(op: Op) -> str | None:
    rank, s = len(shape_of(op.inputs[0])), _Reduction(op)
    counts = (s.windows.sizes, s.windows.strides, s.windows.dilations, s.base)
    fits = all(len(values) == rank and min(values, default=0) >= 1 for values in counts)
    if fits and rank <= 6 and len(s.padding) == 2 * rank:
        return None
    return f"{counts} and padding {s.padding} for {rank} axes"


@needs("a tensor that is not empty, nor is after padding")
def something_left(op: Op) -> str | None:
    shape, s = shape_of(op.inputs[0]), _Reduction(op)
    spec = zip(shape, s.base, s.low, s.high, strict=False)  # fitting_window looks at the counts
    padded = [(d - 1) * n + 1 + low + high for d, n, low, high in spec]
    return (
        None
        if min([*shape, *padded], default=1) > 0
        else f"{shape_text(shape)}, padded to {shape_text(padded)}"
    )


@needs(f"padding to at most {MOST_PADDED} times as many elements as go in and come out")
def near_padding(op: Op) -> str | None:
    if fitting_window.found(op):
        return None
    s = _Reduction(op)
    return too_far(op, edged(shape_of(op.inputs[0]), s.low, [n - 1 for n in s.base], s.high))


SUPPORT = [
    OpSupport(
        "STABLEHLO_REDUCE_WINDOW",
        (1, 1),
        "T T -> T",
        T="float32 float64 int8 uint8 int32 int64 bool",
        constraints=(
            body_among(COMBINATIONS),
            fitting_window,
            something_left,
            one_initial_value,
            near_padding,
        ),
        kernel=prepare,
    )
]
