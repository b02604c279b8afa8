"""What an op needs of the Edge TPU's tiles: cycles of arithmetic, bytes of activations.

The chip has 4 x 4 tiles (libedgetpu, beagle_chip_structures.h). A tensor is cut along height and width into
4 x 4 equal parts, so a height of 5 takes as long as one of 8. Each tile has 64 multipliers, 16 outputs by
4 inputs, so channels count in steps of 16 and of 4; the packed weights have the same steps.
Source: fitted, see docs/edgetpu-estimates.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from delegraph import DTYPES, Op, Tensor

TILES = 16
TILES_ALONG = 4  # height, and width
OUTPUTS, INPUTS = 16, 4  # of a tile's 64 multipliers
NARROW_MEMORY = 196_608  # bytes of activations a tile holds; 3 MiB in all


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def macs(op: Op) -> int:
    """Return the multiply-accumulates of an op; 0 for one without products."""
    return _PRODUCTS[op.name](op) if op.name in _PRODUCTS else 0


def compute_cycles(op: Op) -> int:
    """Return the cycles that the fullest tile computes."""
    return _CYCLES.get(op.name, _elementwise_cycles)(op)


def activations(op: Op) -> tuple[Tensor, ...]:
    """Return the tensors of an op that are computed: what it reads, each once, and what it writes."""
    return (*_read(op), *op.outputs)


def activation_bytes(op: Op) -> int:
    """Return the bytes of an op's inputs and outputs that are not constant."""
    return sum(t.nbytes or 0 for t in activations(op))


def tile_bytes(t: Tensor) -> int:
    """Return the bytes of a tensor's share in the fullest tile; channels are stored in fours."""
    pixels, channels = _tile(t)
    return pixels * _stored(t, channels)


def narrow_bytes(op: Op) -> int:
    """Return the bytes that an op keeps in the fullest tile, with what its windows read from neighbors."""
    read = _window_bytes if op.name in _WINDOWS else _tile_bytes
    return sum(read(op, t) for t in _read(op)) + sum(map(tile_bytes, op.outputs))


def narrow_memory_per_tile(ops: Sequence[Op]) -> int:
    """Return the bytes of each tile's memory that ops use: the most that one of them keeps there.

    An op that needs more than there is runs piece by piece, and so does what reads its outputs; they do not
    count unless nothing else is left.
    """
    pieces: set[int] = set()  # tensors that are never whole on the chip
    used = [0]
    for op in ops:
        need = narrow_bytes(op)
        if need > NARROW_MEMORY:
            pieces.update(t.index for t in op.outputs)
        elif not any(t.index in pieces for t in activations(op)):
            used.append(need)
    only_pieces = len(used) == 1 and pieces
    return NARROW_MEMORY if only_pieces else max(used)


def _read(op: Op) -> list[Tensor]:
    return list({t.index: t for t in op.inputs if t is not None and not t.is_constant}.values())


def _hwc(t: Tensor) -> tuple[int, int, int, int]:
    """Return batch, height, width and channels; what a tensor of fewer dimensions lacks is 1."""
    shape = (1, 1, 1, *((0,) if t.shape is None else t.shape))
    return prod(shape[:-3]), shape[-3], shape[-2], shape[-1]


def _tile(t: Tensor) -> tuple[int, int]:
    """Return pixels and channels of the fullest tile."""
    batch, height, width, channels = _hwc(t)
    return batch * ceil_div(height, TILES_ALONG) * ceil_div(width, TILES_ALONG), channels


def _stored(t: Tensor, channels: int) -> int:
    return ceil_div(channels, INPUTS) * INPUTS * max(DTYPES[t.dtype].bits, 8) // 8


def _tile_bytes(op: Op, t: Tensor) -> int:
    return tile_bytes(t)


def _window_bytes(op: Op, t: Tensor) -> int:
    """Return the bytes of the input that the windows of one tile cover."""
    batch, _, _, channels = _hwc(t)
    _, out_height, out_width, _ = _hwc(op.outputs[0])
    height, width = _window(op)
    o = op.options
    rows = (ceil_div(out_height, TILES_ALONG) - 1) * o.stride_h + (height - 1) * o.dilation_h_factor + 1
    columns = (ceil_div(out_width, TILES_ALONG) - 1) * o.stride_w + (width - 1) * o.dilation_w_factor + 1
    return int(batch * rows * columns * _stored(t, channels))


def _window(op: Op) -> tuple[int, int]:
    """Return the height and width of an op's window, as many as it has taps."""
    if op.name in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        return int(op.options.filter_height), int(op.options.filter_width)
    _, height, width, _ = _hwc(_filter(op))
    return height, width


def _filter(op: Op) -> Tensor:
    found = op.inputs[1]
    assert found is not None, f"{op} has no filter"
    return found


def _conv_macs(op: Op) -> int:
    return op.outputs[0].size * prod((_filter(op).shape or (0,))[1:])


def _depthwise_macs(op: Op) -> int:
    return op.outputs[0].size * prod(_window(op))


def _transpose_conv_macs(op: Op) -> int:
    image = op.inputs[2]
    assert image is not None, f"{op} has no input"
    batch, height, width, _ = _hwc(image)
    return batch * height * width * _filter(op).size


def _lstm_macs(op: Op) -> int:
    return _steps(op) * sum(t.size for t in _matrices(op))


def _conv_cycles(op: Op) -> int:
    outputs, *taps, inputs = _filter(op).shape or (0,)
    pixels, _ = _tile(op.outputs[0])
    return pixels * prod(taps) * ceil_div(inputs, INPUTS) * ceil_div(outputs, OUTPUTS)


def _transpose_conv_cycles(op: Op) -> int:
    image = op.inputs[2]
    assert image is not None, f"{op} has no input"
    outputs, *taps, inputs = _filter(op).shape or (0,)
    return _tile(image)[0] * prod(taps) * ceil_div(inputs, INPUTS) * ceil_div(outputs, OUTPUTS)


def _window_cycles(op: Op) -> int:
    """Return the cycles of an op that computes each channel alone: 64 channels at a time."""
    pixels, channels = _tile(op.outputs[0])
    return ceil_div(pixels * prod(_window(op)) * ceil_div(channels, OUTPUTS), INPUTS)


def _lstm_cycles(op: Op) -> int:
    shapes = [t.shape for t in _matrices(op) if t.shape]
    return _steps(op) * sum(ceil_div(s[0], OUTPUTS) * ceil_div(s[-1], INPUTS) for s in shapes)


def _elementwise_cycles(op: Op) -> int:
    written = (_tile(t) for t in op.outputs)
    return sum(ceil_div(pixels * ceil_div(channels, OUTPUTS), INPUTS) for pixels, channels in written)


def _matrices(op: Op) -> list[Tensor]:
    """Return the weights of an LSTM that a step multiplies by: of the input and of the last output."""
    return [t for t in op.inputs[1:9] if t is not None]


def _steps(op: Op) -> int:
    shape = op.outputs[0].shape or (0,)
    return prod(shape[:-1])


_PRODUCTS: dict[str, Callable[[Op], int]] = {
    "CONV_2D": _conv_macs,
    "DEPTHWISE_CONV_2D": _depthwise_macs,
    "FULLY_CONNECTED": _conv_macs,
    "TRANSPOSE_CONV": _transpose_conv_macs,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm_macs,
}

_CYCLES: dict[str, Callable[[Op], int]] = {
    "AVERAGE_POOL_2D": _window_cycles,
    "CONV_2D": _conv_cycles,
    "DEPTHWISE_CONV_2D": _window_cycles,
    "FULLY_CONNECTED": _conv_cycles,
    "MAX_POOL_2D": _window_cycles,
    "TRANSPOSE_CONV": _transpose_conv_cycles,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm_cycles,
}

# Their windows read rows and columns that belong to the neighboring tiles.
_WINDOWS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})
