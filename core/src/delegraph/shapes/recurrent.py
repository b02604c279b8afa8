"""LSTM, RNN and SVDF cells and sequences."""

from __future__ import annotations

from ..model import Shape
from ._rule import Inputs

# Where the weights stand in the inputs (tflite/kernels/lstm_shared.h and the ops' own files).
_RECURRENT_TO_OUTPUT = 8  # (cells, outputs)
_BACKWARD_RECURRENT_TO_OUTPUT = 25
_RNN_WEIGHTS, _BACKWARD_RNN_WEIGHTS = 1, 5  # (units, inputs)


def lstm(inputs: Inputs) -> list[Shape]:
    """LSTM: x (batch, in) → (batch, out); the BASIC kernel has three outputs more."""
    if inputs.options.kernel_type == "BASIC":
        return _basic_lstm(inputs)
    batch, _ = inputs.shape(0, rank=2)
    return [(batch, inputs.shape(_RECURRENT_TO_OUTPUT, rank=2)[1])]


def _basic_lstm(inputs: Inputs) -> list[Shape]:
    """Inputs: x, previous activation, weights, bias, previous state."""
    batch, depth = inputs.shape(0, rank=2)
    _, out = inputs.shape(1, rank=2)
    return [(batch, out), (batch, out), (batch, depth + out), (batch, 4 * out)]


def sequence_lstm(inputs: Inputs) -> list[Shape]:
    """A diagonal matrix of recurrent weights is stored as its diagonal."""
    *steps, _ = inputs.shape(0, rank=3)
    weights = inputs.shape(_RECURRENT_TO_OUTPUT)
    return [(*steps, weights[inputs.axis(-1, len(weights))])]


def bidirectional_lstm(inputs: Inputs) -> list[Shape]:
    forward = inputs.shape(_RECURRENT_TO_OUTPUT, rank=2)[1]
    backward = inputs.shape(_BACKWARD_RECURRENT_TO_OUTPUT, rank=2)[1]
    return _both_ways(inputs, forward, backward)


def rnn(inputs: Inputs) -> list[Shape]:
    batch, _ = inputs.shape(0, rank=2)
    return [(batch, inputs.shape(_RNN_WEIGHTS, rank=2)[0])]


def sequence_rnn(inputs: Inputs) -> list[Shape]:
    *steps, _ = inputs.shape(0, rank=3)
    return [(*steps, inputs.shape(_RNN_WEIGHTS, rank=2)[0])]


def bidirectional_rnn(inputs: Inputs) -> list[Shape]:
    forward = inputs.shape(_RNN_WEIGHTS, rank=2)[0]
    backward = inputs.shape(_BACKWARD_RNN_WEIGHTS, rank=2)[0]
    return _both_ways(inputs, forward, backward)


def _both_ways(inputs: Inputs, forward: int, backward: int) -> list[Shape]:
    *steps, _ = inputs.shape(0, rank=3)
    if inputs.options.merge_outputs:
        return [(*steps, forward + backward)]
    return [(*steps, forward), (*steps, backward)]


def svdf(inputs: Inputs) -> list[Shape]:
    """SVDF: the feature weights have ``rank`` rows per unit."""
    batch, _ = inputs.shape(0, rank=2)
    rows, rank = inputs.shape(1, rank=2)[0], inputs.options.rank
    if rank < 1 or rows % rank:
        inputs.fail("a rank of at least 1 that divides the filters", f"{rank} for {rows}")
    return [(batch, rows // rank)]


RULES = {
    "BIDIRECTIONAL_SEQUENCE_LSTM": bidirectional_lstm,
    "BIDIRECTIONAL_SEQUENCE_RNN": bidirectional_rnn,
    "LSTM": lstm,
    "RNN": rnn,
    "SVDF": svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": sequence_lstm,
    "UNIDIRECTIONAL_SEQUENCE_RNN": sequence_rnn,
}
