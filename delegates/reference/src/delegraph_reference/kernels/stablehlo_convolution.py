"""STABLEHLO_CONVOLUTION: convolution in any number of dimensions, axes in any order, in groups.

Source: StableHLO's specification of convolution; LiteRT does not run it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..elementwise import quietly
from ..kernel import Kernel
from ._edges import MOST_PADDED, edged, prepare_edges, too_far
from ._stablehlo import ints


class _Conv:
    """The options, with what stands for those left out; one number for each spatial axis."""

    def __init__(self, op: Op) -> None:
        o = op.options
        self.input = (o.input_batch_dimension, *ints(o.input_spatial_dimensions), o.input_feature_dimension)
        self.output = (
            o.output_batch_dimension,
            *ints(o.output_spatial_dimensions),
            o.output_feature_dimension,
        )
        self.kernel = (
            *ints(o.kernel_spatial_dimensions),
            o.kernel_input_feature_dimension,
            o.kernel_output_feature_dimension,
        )
        count = len(self.input) - 2
        self.strides = ints(o.window_strides) or (1,) * count
        self.padding = ints(o.padding) or (0, 0) * count
        self.spread = ints(o.lhs_dilation) or (1,) * count
        self.dilations = ints(o.rhs_dilation) or (1,) * count
        self.reversed = tuple(map(bool, o.window_reversal or ())) or (False,) * count
        self.groups, self.batch_groups = max(o.feature_group_count, 1), max(o.batch_group_count, 1)

    def edges(self, shape: Sequence[int]) -> tuple[Sequence[int], ...]:
        """Return the shape of x with its axes in order, and what comes before, between and behind."""
        low, high = (0, *self.padding[::2], 0), (0, *self.padding[1::2], 0)
        return [shape[a] for a in self.input], low, (0, *(n - 1 for n in self.spread), 0), high


def prepare(op: Op) -> Kernel:
    """x, kernel: their axes are where the options say. x is spread (lhs_dilation) and padded."""
    s = _Conv(op)
    pad = prepare_edges(*s.edges(shape_of(op.inputs[0])))
    positions = [shape_of(op.outputs[0])[a] for a in s.output[1:-1]]
    back = np.argsort(s.output)
    flipped = tuple(slice(None, None, -1 if r else 1) for r in s.reversed)

    @quietly
    def run(x: np.ndarray, kernel: np.ndarray) -> tuple[np.ndarray]:
        seen, weights = (
            pad(x.transpose(s.input), np.zeros((), x.dtype)),
            kernel.transpose(s.kernel)[flipped],
        )
        images, filters = _groups(seen, weights, s)
        parts = [_convolved(a, b, positions, s) for a, b in zip(images, filters, strict=True)]
        return (np.ascontiguousarray(np.concatenate(parts, -1).transpose(back)),)

    return run


def _groups(x: np.ndarray, kernel: np.ndarray, s: _Conv) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the parts of x and of the filters that belong together."""
    filters = np.split(kernel, s.groups * s.batch_groups, -1)
    return np.split(x, s.groups, -1) if s.batch_groups == 1 else np.split(x, s.batch_groups, 0), filters


def _convolved(x: np.ndarray, kernel: np.ndarray, positions: list[int], s: _Conv) -> np.ndarray:
    """Return the sums of one group: x (batch, ..., in) under kernel (..., in, out)."""
    out = np.zeros((len(x), *positions, kernel.shape[-1]), x.dtype)
    spec, every = list(zip(positions, s.strides, s.dilations, strict=True)), (slice(None),)
    for tap in np.ndindex(*kernel.shape[:-2]):
        seen = tuple(
            slice(t * d, t * d + (n - 1) * step + 1, step)
            for t, (n, step, d) in zip(tap, spec, strict=True)
        )
        if out.size:
            out += np.matmul(x[every + seen], kernel[tap])
    return out


@needs("as many numbers as spatial axes, each of them at least 1, and pairs of padding")
def fitting_options(op: Op) -> str | None:
    s, rank = _Conv(op), len(shape_of(op.inputs[0]))
    orders = (s.input, s.output, s.kernel)
    counts = (s.strides, s.spread, s.dilations)
    fits = all(sorted(order) == list(range(rank)) for order in orders)
    fits = fits and all(len(c) == rank - 2 and min(c, default=1) > 0 for c in counts)
    fits = fits and len(s.padding) == 2 * (rank - 2) and len(s.reversed) == rank - 2
    return None if fits else f"{op.options} for {rank} axes"


@needs("groups that divide the channels, or the batch, and the filters")
def fitting_groups(op: Op) -> str | None:
    s, x, kernel = _Conv(op), shape_of(op.inputs[0]), shape_of(op.inputs[1])
    batch, channels = x[s.input[0]], x[s.input[-1]]
    inner, outer = kernel[s.kernel[-2]], kernel[s.kernel[-1]]
    fits = inner * s.groups == channels and outer % (s.groups * s.batch_groups) == 0
    fits = fits and batch % s.batch_groups == 0 and 1 in (s.groups, s.batch_groups)
    return (
        None
        if fits
        else f"{s.groups} and {s.batch_groups} groups for {shape_text(x)} and {shape_text(kernel)}"
    )


@needs(f"padding to at most {MOST_PADDED} times as many elements as go in and come out")
def near_padding(op: Op) -> str | None:
    if fitting_options.found(op):
        return None
    return too_far(op, edged(*_Conv(op).edges(shape_of(op.inputs[0]))))


SUPPORT = [
    OpSupport(
        "STABLEHLO_CONVOLUTION",
        (1, 1),
        "T T -> T",
        (fitting_options, fitting_groups, near_padding),
        prepare,
        T="float32 float64 int32 int64",
    )
]
