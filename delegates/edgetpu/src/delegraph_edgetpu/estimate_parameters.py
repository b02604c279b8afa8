"""How many bytes an op's constants take as the Edge TPU compiler packs them.

Filters lie as the multipliers of a tile read them: for each tap and each 4 inputs 4 bytes an output,
in blocks of 64 outputs, each after what its output channels need besides. A filter of at most 64 outputs
has them in steps of 16, a larger one in whole blocks. DEPTHWISE_CONV_2D has for each 4 channels and tap
a 4 x 4 matrix with the filter on its diagonal.
Source: read off the bytes of mobilenet_v1_0.25_128_quant_edgetpu.tflite; see docs/edgetpu-estimates.md.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from delegraph import Op, Tensor

from .estimate_tiles import INPUTS, OUTPUTS, ceil_div

BLOCK = 64  # outputs of a filter that lie together; and the bytes to which every op's parameters are padded


def parameter_bytes(op: Op) -> int:
    """Return the packed bytes of an op's constants, 0 for an op without."""
    return _up(_PACKED.get(op.name, _constant_bytes)(op), BLOCK)


def _filter_bytes(op: Op) -> int:
    return _matrix_bytes(op.inputs[1]) if op.inputs[1] is not None else 0


def _matrix_bytes(t: Tensor) -> int:
    """Return the bytes of a filter (outputs, …, inputs) and what belongs to its outputs."""
    outputs, *taps, inputs = t.shape or (0,)
    packed = _up(outputs, OUTPUTS if outputs <= BLOCK else BLOCK)
    return packed * (_bytes_per_output(t) + prod(taps) * _up(inputs, INPUTS))


def _depthwise_bytes(op: Op) -> int:
    if (t := op.inputs[1]) is None or t.shape is None:
        return 0
    *taps, channels = t.shape
    return ceil_div(channels, INPUTS) * INPUTS * (_bytes_per_output(t) + prod(taps) * INPUTS)


def _bytes_per_output(t: Tensor) -> int:
    """Return a bias of 4 bytes, and where each channel has its own scale 8 more."""
    return 12 if t.quantization is not None and t.quantization.is_per_axis else 4


def _lstm_bytes(op: Op) -> int:
    return sum(_matrix_bytes(t) for t in op.inputs[1:9] if t is not None)


def _softmax_bytes(op: Op) -> int:
    """Return the bytes of the tables that compilers since 2020 store with a SOFTMAX."""
    channels = (op.outputs[0].shape or (0,))[-1:]
    return BLOCK + 48 * _up(prod(channels), INPUTS)


def _constant_bytes(op: Op) -> int:
    """Return the bytes of constant operands; shapes, axes and paddings become instructions."""
    operands = [t for t in op.inputs if t is not None and t.is_constant]
    return sum(t.nbytes or 0 for t in operands if t.quantization is not None and len(t.quantization.scale))


def _up(n: int, step: int) -> int:
    return ceil_div(n, step) * step


_PACKED: dict[str, Callable[[Op], int]] = {
    "CONV_2D": _filter_bytes,
    "DEPTHWISE_CONV_2D": _depthwise_bytes,
    "FULLY_CONNECTED": _filter_bytes,
    "SOFTMAX": _softmax_bytes,
    "TRANSPOSE_CONV": _filter_bytes,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm_bytes,
}
