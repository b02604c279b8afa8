"""An op with weights as products of matrices: rows of what a window sees, times the weights of each group.

A DEPTHWISE_CONV_2D has a group for each input channel, a grouped CONV_2D its own, all else one:
y (groups, rows, units) = x (groups, rows, depth) · Wᵀ, W (groups, units, depth).
"""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen
from delegraph import Op, Window, window

BIAS = 2  # place of the bias among the inputs
OPS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def is_product(op: Op) -> bool:
    """Say whether an op multiplies by constant weights."""
    return WeightedProduct.of(op) is not None


@frozen
class WeightedProduct:
    """How one op multiplies."""

    op: Op
    groups: int
    units: int  # of a group

    @classmethod
    def of(cls, op: Op) -> WeightedProduct | None:
        """Return an op's product; None if it has no constant weights that this knows."""
        weights = op.inputs[1] if op.name in OPS else None
        if weights is None or weights.data is None or weights.dtype != "float32":
            return None
        if weights.sparsity is not None or not weights.data.size or not np.isfinite(weights.data).all():
            return None
        if op.options.get("weights_format", "DEFAULT") != "DEFAULT":
            return None
        shape, x = weights.data.shape, op.inputs[0]
        depth = (x.shape or (0,))[-1] if x is not None else 0
        if op.name == "FULLY_CONNECTED":
            return cls(op, 1, shape[0]) if shape else None
        if depth <= 0 or len(shape) != 4:
            return None
        if op.name == "DEPTHWISE_CONV_2D":
            return cls(op, depth, shape[3] // depth) if shape[3] % depth == 0 else None
        groups, is_uneven = divmod(depth, shape[3])
        if is_uneven or shape[0] % groups:  # no kernel takes it
            return None
        return cls(op, groups, shape[0] // groups)

    @property
    def weights(self) -> np.ndarray:
        """The weights of floats, as the op has them."""
        tensor = self.op.inputs[1]
        assert tensor is not None
        assert tensor.data is not None
        return np.asarray(tensor.data)

    def matrix(self, weights: np.ndarray) -> np.ndarray:
        """Return weights, or anything of their shape, as (groups, units, depth)."""
        if self.op.name == "DEPTHWISE_CONV_2D":
            size = weights.shape[1] * weights.shape[2]
            return np.asarray(weights.reshape(size, self.groups, self.units).transpose(1, 2, 0))
        return np.asarray(weights.reshape(self.groups, self.units, -1))

    def tensor(self, matrix: np.ndarray) -> np.ndarray:
        """Return (groups, units, depth) in the shape of the weights."""
        if self.op.name == "DEPTHWISE_CONV_2D":
            matrix = matrix.transpose(2, 0, 1)
        return np.ascontiguousarray(matrix.reshape(self.weights.shape))

    @property
    def bias(self) -> np.ndarray | None:
        """The bias of floats, (groups, units); zeros where it is left out, None where it is computed."""
        bias = (*self.op.inputs, None)[BIAS]
        values = np.zeros(self.made, np.float32) if bias is None else bias.data
        return None if values is None else values.reshape(self.groups, self.units)

    @property
    def made(self) -> int:
        """How many channels come out."""
        return self.groups * self.units

    @property
    def read(self) -> int:
        """How many channels go in."""
        depthwise = self.op.name == "DEPTHWISE_CONV_2D"
        return self.groups if depthwise else self.groups * self._depth()

    @property
    def is_pointwise(self) -> bool:
        """Whether each place of the output is made of one place of the input: all are rows of a product."""
        return self.op.name == "FULLY_CONNECTED" or all(
            size == stride == 1 for size, _, stride in self._steps()
        )

    @property
    def pads(self) -> bool:
        """Whether zeros stand around what is read; true where it is not known."""
        x = self.op.inputs[0]
        if self.op.name == "FULLY_CONNECTED":
            return False
        if x is None or x.shape is None or min(x.shape) < 1:
            return True
        down, across = self.windows(np.broadcast_to(np.float32(0), x.shape))
        return any((down.before, down.after, across.before, across.after))

    def by_input(self, matrix: np.ndarray) -> np.ndarray:
        """Return (groups, units, depth) as (groups, units, places of the window, channels of the group)."""
        return matrix.reshape(self.groups, self.units, -1, self.read // self.groups)

    def count(self, x: np.ndarray) -> int:
        """Return how many rows an input has."""
        if self.op.name == "FULLY_CONNECTED":
            return x.size // self._depth()
        return math.prod((len(x), *(w.output for w in self.windows(x))))

    def rows(self, x: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return the rows of an input at some of its places, as (groups, places, depth)."""
        if self.op.name == "FULLY_CONNECTED":
            return x.reshape(1, -1, self._depth())[:, places]
        down, across = self.windows(x)
        image, y, x0 = np.unravel_index(places, (len(x), down.output, across.output))
        (kh, dy, sy), (kw, dx, sx) = self._steps()
        at_y = (y * sy)[:, None] + np.arange(kh) * dy
        at_x = (x0 * sx)[:, None] + np.arange(kw) * dx
        seen = padded(x, down, across)[image[:, None, None], at_y[:, :, None], at_x[:, None, :]]
        return self._grouped(seen.reshape(len(places), kh * kw, x.shape[-1]))

    def mean_row(self, x: np.ndarray) -> np.ndarray:
        """Return the mean of all rows of an input, as (groups, 1, depth)."""
        if self.op.name == "FULLY_CONNECTED":
            mean = x.reshape(1, -1, self._depth()).mean(axis=1, keepdims=True, dtype=np.float64)
            return np.asarray(mean)
        down, across = self.windows(x)
        (kh, dy, sy), (kw, dx, sx) = self._steps()
        wide = padded(x, down, across)
        seen = [
            wide[:, i * dy :: sy, j * dx :: sx][:, : down.output, : across.output].mean(
                axis=(0, 1, 2), dtype=np.float64
            )
            for i in range(kh)
            for j in range(kw)
        ]
        return self._grouped(np.stack(seen)[None])

    def _grouped(self, seen: np.ndarray) -> np.ndarray:
        """Return (rows, places of the window, channels) as (groups, rows, depth)."""
        rows, window, channels = seen.shape
        split = seen.reshape(rows, window, self.groups, channels // self.groups).transpose(2, 0, 1, 3)
        return np.ascontiguousarray(split.reshape(self.groups, rows, window * channels // self.groups))

    def _depth(self) -> int:
        """Return the weights' last axis."""
        return int(self.weights.shape[-1])

    def _steps(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Return size, dilation and stride of the window, down and across."""
        o = self.op.options
        _, kh, kw, _ = self.weights.shape
        return (kh, o.dilation_h_factor, o.stride_h), (kw, o.dilation_w_factor, o.stride_w)

    def windows(self, x: np.ndarray) -> tuple[Window, Window]:
        """Return how the window slides down and across an input."""
        steps = ((1, 1, 1),) * 2 if self.is_pointwise else self._steps()
        padding = "VALID" if self.is_pointwise else self.op.options.padding
        down, across = (
            window(size, kernel, stride, dilation, padding)
            for size, (kernel, dilation, stride) in zip(x.shape[1:3], steps, strict=True)
        )
        return down, across


def padded(x: np.ndarray, down: Window, across: Window) -> np.ndarray:
    sides = ((0, 0), (down.before, down.after), (across.before, across.after), (0, 0))
    return np.pad(x, sides) if any(map(any, sides)) else x
