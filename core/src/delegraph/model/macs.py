"""How much a model computes and learns: multiply-accumulates of its ops, and parameters.

A multiply-accumulate (MAC) is a product that is added to a sum. Those of convolutions, products of matrices
and recurrent ops are counted; what an op does element by element is not.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from .dtypes import DTYPES
from .graph import Model, Op, Tensor


def macs_of(op: Op) -> int | None:
    """Return the multiply-accumulates of an op in a run; None where a shape that they need is not known.

    A size that the model leaves open counts as the file has it, which is 1 in most.
    """
    rule = _RULES.get(op.name)
    if rule is None:
        return 0
    needed = [t for t in (*op.inputs, *op.outputs) if t is not None]
    return None if any(t.shape is None for t in needed) else _counted(rule, op)


def parameters(model: Model) -> int:
    """Return how many numbers a model has learned: elements of its constants that stand for real numbers.

    Those are floats, and integers with a scale; shapes, axes and indices are none. What tensors share
    counts once.
    """
    found: dict[int, int] = {}
    for graph in model.subgraphs:
        scales = _scales(graph.tensors)
        for t in graph.tensors:
            if t.is_constant and t.index not in scales and _is_real(t):
                found[t.buffer or -len(found) - 1] = t.size
    return sum(found.values())


def _counted(rule: Callable[[Op], int], op: Op) -> int | None:
    try:
        return max(rule(op), 0)
    except (IndexError, ZeroDivisionError, AttributeError):
        return None  # operands are missing, or have another rank: the op runs nowhere


def _scales(tensors: tuple[Tensor, ...]) -> set[int]:
    blocks = [t.quantization.blocks for t in tensors if t.quantization is not None]
    return {t.index for b in blocks if b is not None for t in (b.scales, b.zero_points) if t is not None}


def _is_real(t: Tensor) -> bool:
    q = t.quantization
    has_scale = q is not None and (len(q.scale) > 0 or q.blocks is not None)
    return DTYPES[t.dtype].values == "float" or has_scale


def _shape(op: Op, operand: int) -> tuple[int, ...]:
    t = op.inputs[operand]
    assert t is not None
    assert t.shape is not None
    return t.shape


def _sizes(op: Op, operands: range | tuple[int, ...]) -> int:
    """Return the elements of those of some operands that are there."""
    given = [op.inputs[i] for i in operands if i < len(op.inputs)]
    return sum(t.size for t in given if t is not None)


def _conv(op: Op) -> int:
    return op.outputs[0].size * prod(_shape(op, 1)[1:])  # filter: (output channels, height, width, input)


def _depthwise(op: Op) -> int:
    return op.outputs[0].size * prod(_shape(op, 1)[1:3])  # filter: (1, height, width, channels)


def _transpose_conv(op: Op) -> int:
    return prod(_shape(op, 2)) * prod(_shape(op, 1)[:3])  # each input value meets each output channel


def _conv_3d(op: Op) -> int:
    return op.outputs[0].size * prod(_shape(op, 1)[:4])  # filter: (depth, height, width, input, output)


def _conv_3d_transpose(op: Op) -> int:
    return prod(_shape(op, 2)) * prod(_shape(op, 1)[:4])  # filter: (depth, height, width, output, input)


def _fully_connected(op: Op) -> int:
    return op.outputs[0].size * _shape(op, 1)[-1]


def _batch_matmul(op: Op) -> int:
    return op.outputs[0].size * _shape(op, 0)[-2 if op.options.adj_x else -1]


def _steps(op: Op) -> int:
    """Return how often a recurrent op meets its weights: batch times time."""
    return prod(_shape(op, 0)[:-1])


def _lstm(op: Op) -> int:
    matrices = (2,) if len(op.inputs) == 5 else (*range(1, 9), 16)
    return _steps(op) * _sizes(op, matrices)


_RULES: dict[str, Callable[[Op], int]] = {
    "BATCH_MATMUL": _batch_matmul,
    "BIDIRECTIONAL_SEQUENCE_LSTM": lambda op: (
        _steps(op) * _sizes(op, (*range(1, 9), 16, *range(18, 26), 33, *range(40, 48)))
    ),
    "BIDIRECTIONAL_SEQUENCE_RNN": lambda op: _steps(op) * _sizes(op, (1, 2, 5, 6, 10, 11)),
    "CONV_2D": _conv,
    "CONV_3D": _conv_3d,
    "CONV_3D_TRANSPOSE": _conv_3d_transpose,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "LSTM": _lstm,
    "RNN": lambda op: _steps(op) * _sizes(op, (1, 2)),
    "SVDF": lambda op: _steps(op) * _sizes(op, (1, 2)),
    "TRANSPOSE_CONV": _transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "UNIDIRECTIONAL_SEQUENCE_RNN": lambda op: _steps(op) * _sizes(op, (1, 2)),
}
