"""Ops that work value by value: the output has the shape of the input, or the broadcast of all."""

from __future__ import annotations

from ..model import DTYPES, Shape
from ..text import shape_text
from ._rule import Inputs, broadcast, product


def as_first(inputs: Inputs) -> list[Shape]:
    return [inputs.shape(0)]


def broadcast_all(inputs: Inputs) -> list[Shape]:
    return [broadcast(inputs, inputs.shapes())]


def broadcast_two(inputs: Inputs) -> list[Shape]:
    if len(inputs) != 2:
        inputs.fail("two inputs", f"{len(inputs)}")
    return [broadcast(inputs, [inputs.shape(0), inputs.shape(1)])]


def prelu(inputs: Inputs) -> list[Shape]:
    shape = inputs.shape(0)
    if broadcast(inputs, [shape, inputs.shape(1)]) != shape:
        inputs.fail(f"slopes that broadcast to {shape_text(shape)}", f"shape {shape_text(inputs.shape(1))}")
    return [shape]


def select(inputs: Inputs) -> list[Shape]:
    """SELECT: the condition may be as the operands, a scalar, or a vector along the first axis."""
    x, y = inputs.shape(1), inputs.shape(2)
    if x != y and not product(x) == product(y) == 1:
        inputs.fail("operands of one shape", f"{shape_text(x)} and {shape_text(y)}")
    return [x]


def bitcast(inputs: Inputs) -> list[Shape]:
    """BITCAST: a narrower output type adds an axis, a wider one takes the last away."""
    shape, (x, *_) = inputs.shape(0), inputs.op.inputs
    assert x is not None
    have, want = DTYPES[x.dtype].bits, DTYPES[inputs.op.outputs[0].dtype].bits
    if have == want:
        return [shape]
    if not have or not want:
        inputs.fail("types of a fixed width", f"{x.dtype} and {inputs.op.outputs[0].dtype}")
    if have > want:
        return [(*shape, have // want)]
    if not shape or shape[-1] != want // have:
        inputs.fail(f"a last axis of {want // have}", f"shape {shape_text(shape)}")
    return [shape[:-1]]


_UNARY = """
ABS CAST CEIL COMPLEX_ABS COS CUMSUM DENSIFY DEQUANTIZE ELU EXP FAKE_QUANT FLOOR GELU HARD_SWISH IMAG
L2_NORMALIZATION LEAKY_RELU LOCAL_RESPONSE_NORMALIZATION LOG LOGICAL_NOT LOGISTIC LOG_SOFTMAX NEG QUANTIZE
REAL RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 ROUND RSQRT SIGN SIN SOFTMAX SQRT SQUARE TANH ZEROS_LIKE BUCKETIZE
MATRIX_SET_DIAG REVERSE_SEQUENCE REVERSE_V2
"""
_BROADCAST = """
ADD ATAN2 BITWISE_XOR DIV EQUAL FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND
LOGICAL_OR MAXIMUM MINIMUM MUL NOT_EQUAL POW RIGHT_SHIFT SQUARED_DIFFERENCE SUB
"""

RULES = {
    **dict.fromkeys(_UNARY.split(), as_first),
    **dict.fromkeys(_BROADCAST.split(), broadcast_two),
    "ADD_N": broadcast_all,
    "BITCAST": bitcast,
    "PRELU": prelu,
    "SELECT": select,
    "SELECT_V2": broadcast_all,
}
