"""What the ops of a block compute in floats, and the slopes of a loss by what they read and multiply by.

Values are of several samples: (samples, *shape). A product is a sum over the taps of its window,
y = Σ x[tap] · W[tap], so ∂/∂x[tap] = ∂y · W[tap]ᵀ and ∂/∂W[tap] = x[tap]ᵀ · ∂y.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from delegraph import Op, Tensor, Window, float_range

from .blocks import Block
from .product import OPS, WeightedProduct, padded

_FEW_ROWS = 64
_IN_CACHE = 1 << 18  # values
Backward = tuple[np.ndarray, ...]  # the slope by each value that is read


class BlockSlopes:
    """A block that runs forward and backward."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.steps = [SLOPES[op.name](op) for op in block.ops]
        self.products = {s.op.index: s for s in self.steps if isinstance(s, ProductSlopes)}
        self._places = [[t.index for t in _read(op)] for op in block.ops]

    @property
    def is_local(self) -> bool:
        """Whether what is made of a part of an image is, but for its border, what is made of all there."""
        return all(_is_local(op) for op in self.block.ops)

    @property
    def largest(self) -> int:
        """The values of the largest tensor."""
        tensors = [self.block.reads, *(op.outputs[0] for op in self.block.ops)]
        return max(math.prod(t.shape or ()) for t in tensors)

    def forward(self, x: np.ndarray) -> np.ndarray:
        values = {self.block.reads.index: x}
        for step, places in zip(self.steps, self._places, strict=True):
            values[step.op.outputs[0].index] = step.forward(*[values[i] for i in places])
        return values[self.block.writes.index]

    def backward(self, slope: np.ndarray) -> None:
        """Let a slope by what the block writes go back to the weights and biases of its products."""
        slopes = {self.block.writes.index: slope}
        first = self.block.reads.index
        for step, places in zip(reversed(self.steps), reversed(self._places), strict=True):
            passed = step.backward(slopes.pop(step.op.outputs[0].index), any(i != first for i in places))
            for index, one in zip(places, passed, strict=False):
                slopes[index] = slopes[index] + one if index in slopes else one


class OpSlopes:
    """An op's outputs, and how slopes go back through it."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self._low, self._high = RANGES.get(op.name) or float_range(op)
        self._open: np.ndarray | None = None

    def forward(self, *values: np.ndarray) -> np.ndarray:
        y = self.computed(*values)
        if math.isinf(self._low) and math.isinf(self._high):
            return y
        self._open = (y > self._low) & (y < self._high)
        return np.asarray(np.clip(y, np.float32(self._low), np.float32(self._high)))

    def backward(self, slope: np.ndarray, is_wanted: bool = True) -> Backward:
        """Return the slopes by what was read.

        :param is_wanted: whether anybody needs them; products keep those by their weights either way
        """
        return self.passed(slope if self._open is None else slope * self._open, is_wanted)

    def computed(self, *values: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def passed(self, slope: np.ndarray, is_wanted: bool) -> Backward:
        raise NotImplementedError


class ProductSlopes(OpSlopes):
    """CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED: a product of matrices for each tap of the window."""

    is_learned = True  # whether the slope by the weights is wanted
    by_weights: np.ndarray  # the loss's slope, (groups, units, depth)
    by_bias: np.ndarray  # (groups, units)
    read: np.ndarray  # (samples, *shape)
    level: float  # how large its sums are, about
    _images: np.ndarray  # what was read, padded: (images, height, width, channels)
    _windows: tuple[Window, Window]

    def __init__(self, op: Op) -> None:
        super().__init__(op)
        found = WeightedProduct.of(op)
        assert found is not None
        assert found.bias is not None
        self.product = found
        self._is_depthwise = op.name == "DEPTHWISE_CONV_2D"
        self._is_pointwise = found.is_pointwise
        self.set(found.matrix(found.weights), found.bias)

    def set(self, weights: np.ndarray, bias: np.ndarray) -> None:
        """Multiply by other weights, (groups, units, depth), and add another bias, (groups, units)."""
        taps = self.product.by_input(weights.astype(np.float32))  # (groups, units, taps, channels)
        moved = taps[:, 0, :, 0].T if self._is_depthwise else taps[0].transpose(1, 2, 0)
        self._taps = np.ascontiguousarray(moved)
        self._bias = bias.reshape(-1).astype(np.float32)

    def computed(self, *values: np.ndarray) -> np.ndarray:
        x = self.read = values[0]
        # Of one tap alone, all places are rows of one product.
        x = x.reshape(1, -1, 1, self._taps.shape[1]) if self._is_pointwise else x.reshape(-1, *x.shape[2:])
        down, across = self._windows = self.product.windows(x)
        self._images = padded(x, down, across)
        y = np.empty((len(x), down.output, across.output, len(self._bias)), np.float32)
        for part in self._parts():
            if self._is_depthwise:
                _multiply_taps(self._seen(self._images[part]), self._taps, y[part])
            else:
                y[part] = (self._columns(part) @ self._matrix).reshape(y[part].shape)
        y += self._bias
        self.level = float(np.abs(y[0, :_FEW_ROWS]).mean())
        return y.reshape(self._shape_of(y))

    def _shape_of(self, y: np.ndarray) -> tuple[int, ...]:
        """Return the shape of what is made, which is smaller than the op's where a part is read."""
        if self.op.name == "FULLY_CONNECTED":
            return (len(self.read), *(self.op.outputs[0].shape or ()))
        places = self.read.shape[:-1] if self._is_pointwise else (*self.read.shape[:2], *y.shape[1:3])
        return (*places, y.shape[-1])

    def passed(self, slope: np.ndarray, is_wanted: bool) -> Backward:
        down, across = self._windows
        slope = slope.reshape(len(self._images), down.output, across.output, -1)
        by_taps, by_images = np.zeros_like(self._taps), np.zeros_like(self._images)
        for part in self._parts():
            if self.is_learned:
                self._learn_from(part, slope[part], by_taps)
            if is_wanted:
                self._pass_on(slope[part], self._seen(by_images[part]))
        self.by_weights = self._as_matrix(by_taps)
        self.by_bias = slope.sum(axis=(0, 1, 2)).reshape(self.product.groups, self.product.units)
        return (self._unpadded(by_images),)

    def _learn_from(self, part: slice, slope: np.ndarray, by_taps: np.ndarray) -> None:
        """Add the slope by the weights."""
        if self._is_depthwise:
            for by_tap, seen in zip(by_taps, self._seen(self._images[part]), strict=True):
                by_tap += np.einsum("nyxc,nyxc->c", seen, slope)
        else:
            rows = slope.reshape(-1, slope.shape[-1])
            by_taps += (self._columns(part).T @ rows).reshape(by_taps.shape)

    def _pass_on(self, slope: np.ndarray, seen: Sequence[np.ndarray]) -> None:
        """Add to each tap's view of images the slope by what the tap sees."""
        if self._is_depthwise:
            passed = np.empty_like(slope)
            for place, weights in zip(seen, self._taps, strict=True):
                place += np.multiply(slope, weights, out=passed)
            return
        columns = slope.reshape(-1, slope.shape[-1]) @ self._matrix.T
        columns = columns.reshape(*slope.shape[:3], len(self._taps), -1)
        for tap, place in enumerate(seen):
            place += columns[:, :, :, tap]

    def _parts(self) -> Iterator[slice]:
        """Yield images of a size that stays in a processor's cache."""
        size = max(_IN_CACHE // self._images[0].size, 1)
        for first in range(0, len(self._images), size):
            yield slice(first, first + size)

    def _columns(self, part: slice) -> np.ndarray:
        """Return what the window sees at each place of images: (places, taps · channels)."""
        images = self._images[part]
        seen = images if self._is_pointwise else np.stack(self._seen(images), axis=3)
        return seen.reshape(-1, self._matrix.shape[0])

    @property
    def _matrix(self) -> np.ndarray:
        return self._taps.reshape(-1, self._taps.shape[-1])

    def _seen(self, images: np.ndarray) -> list[np.ndarray]:
        """Return what each tap of the window sees of images, at all places of the window."""
        down, across = self._windows
        taps = product(range(down.size), range(across.size))
        starts = [(y * down.dilation, x * across.dilation) for y, x in taps]
        wide = [images[:, y :: down.stride, x :: across.stride] for y, x in starts]
        return [view[:, : down.output, : across.output] for view in wide]

    def _as_matrix(self, taps: np.ndarray) -> np.ndarray:
        """Return what is arranged as taps as (groups, units, depth)."""
        if self._is_depthwise:
            return np.asarray(taps.T[:, None])
        return np.asarray(taps.transpose(2, 0, 1).reshape(1, taps.shape[2], -1))

    def _unpadded(self, images: np.ndarray) -> np.ndarray:
        down, across = self._windows
        _, height, width, _ = images.shape
        x = images[:, down.before : height - down.after, across.before : width - across.after]
        return x.reshape(self.read.shape)


def _multiply_taps(seen: Sequence[np.ndarray], taps: np.ndarray, out: np.ndarray) -> None:
    multiplied = np.empty_like(out)
    np.multiply(seen[0], taps[0], out=out)
    for view, weights in zip(seen[1:], taps[1:], strict=True):
        out += np.multiply(view, weights, out=multiplied)


class AddSlopes(OpSlopes):
    """ADD of two values of one shape, or of a value and a constant."""

    def computed(self, *values: np.ndarray) -> np.ndarray:
        total = values[0] + (values[1] if len(values) > 1 else _constant(self.op))
        return np.asarray(total, np.float32)

    def passed(self, slope: np.ndarray, is_wanted: bool) -> Backward:
        return (slope,) * len(_read(self.op))


class ReluSlopes(OpSlopes):
    """RELU and its kin: what is cut off lets no slope through."""

    def computed(self, *values: np.ndarray) -> np.ndarray:
        return values[0]

    def passed(self, slope: np.ndarray, is_wanted: bool) -> Backward:
        return (slope,)


class ReshapeSlopes(OpSlopes):
    def computed(self, *values: np.ndarray) -> np.ndarray:
        self._shape = values[0].shape
        return values[0].reshape(self._shape[0], *(self.op.outputs[0].shape or ()))

    def passed(self, slope: np.ndarray, is_wanted: bool) -> Backward:
        return (slope.reshape(self._shape),)


class MeanSlopes(OpSlopes):
    def computed(self, *values: np.ndarray) -> np.ndarray:
        (x,) = values
        self._shape, axes = x.shape, self.op.inputs[1]
        assert axes is not None
        rank = x.ndim - 1
        self._axes = tuple(int(a) % rank + 1 for a in np.ravel(np.asarray(axes.data)))
        self._kept = x.mean(axis=self._axes, keepdims=True, dtype=np.float32)
        return np.asarray(self._kept.reshape(len(x), *(self.op.outputs[0].shape or ())))

    def passed(self, slope: np.ndarray, is_wanted: bool) -> Backward:
        count = math.prod(self._shape[a] for a in self._axes)
        wide = slope.reshape(self._kept.shape) / np.float32(count)
        return (np.broadcast_to(wide, self._shape),)


def has_slopes(op: Op) -> bool:
    """Say whether a block may have an op: slopes go back through it as they are computed here."""
    tensors = (*_read(op), *op.outputs)
    if op.name not in SLOPES or any(t.dtype != "float32" or not t.shape for t in tensors):
        return False
    if any(0 in (t.shape or ()) or t.is_variable for t in tensors) or len(op.outputs) != 1:
        return False
    if op.name in OPS:
        return len(_read(op)) == 1 and _is_plain(WeightedProduct.of(op))
    if op.name == "ADD":
        return all(t.shape == op.outputs[0].shape for t in _read(op))
    return len(_read(op)) == 1 and op.inputs[0] is _read(op)[0]


def _is_plain(product: WeightedProduct | None) -> bool:
    """Say whether a product is of one matrix, or of one weight for each channel and tap."""
    if product is None or product.bias is None:
        return False
    return product.units == 1 if product.op.name == "DEPTHWISE_CONV_2D" else product.groups == 1


def _is_local(op: Op) -> bool:
    if op.name in ("MEAN", "RESHAPE", "FULLY_CONNECTED") or len(op.outputs[0].shape or ()) != 4:
        return False
    constants = [t for t in op.inputs if t is not None and t.is_constant] if op.name == "ADD" else []
    return all(t.size == (t.shape or (1,))[-1] for t in constants)


def _read(op: Op) -> list[Tensor]:
    return [t for t in op.inputs if t is not None and not t.is_constant]


def _constant(op: Op) -> np.ndarray:
    return next(t.data for t in op.inputs if t is not None and t.data is not None)


SLOPES: dict[str, type[OpSlopes]] = {
    **dict.fromkeys(OPS, ProductSlopes),
    "ADD": AddSlopes,
    "MEAN": MeanSlopes,
    "RESHAPE": ReshapeSlopes,
    "RELU": ReluSlopes,
    "RELU6": ReluSlopes,
    "RELU_N1_TO_1": ReluSlopes,
}
RANGES = {"RELU": (0.0, math.inf), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}
