"""BIDIRECTIONAL_SEQUENCE_RNN: two fully connected recurrent cells run over a sequence, one from its end.

x: (time, batch, depth), or (batch, time, depth) unless time_major; out: the same with a cell's units in
place of depth, side by side if merge_outputs, else two. An auxiliary input with weights of its own goes
into both cells; one without them is what the backward cell gets in place of x, with time first.

Source: tflite/kernels/bidirectional_sequence_rnn.cc, internal/kernel_utils.cc (RnnBatchStep).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import dense, given, operand_shape, scaled_weights, variable_states, wrong_shape

from ..kernel import Kernel
from ..recurrent import contiguous, has_integers, made_of, padded, time_first
from ..rnn_cell import RnnCell, RnnPlaces, fitting

_FORWARD = RnnPlaces(aux_weights=10)
_BACKWARD = RnnPlaces(weights=5, recurrent=6, bias=7, state=8, aux_weights=11)
_AUX = 9
_COUNT = 12


def prepare(op: Op) -> Kernel:
    time_major, merge = bool(op.options.time_major), bool(op.options.merge_outputs)
    forward, backward = (
        made_of(op, places.constants, lambda inputs, places=places: RnnCell(op, places, inputs))  # type: ignore[misc]
        for places in (_FORWARD, _BACKWARD)
    )
    has_aux_weights = given(op, 10) is not None
    # LiteRT runs integer weights over a sequence with time first once for each of its steps, on and on from
    # the state that the last round left.
    is_repeated = time_major and has_integers(op, _FORWARD.weights)

    def run(*given: Any) -> tuple[np.ndarray, ...]:
        inputs = padded(given, _COUNT)
        x = time_first(inputs[0], time_major)
        aux = None if inputs[_AUX] is None else time_first(inputs[_AUX], time_major)
        x_back = x if has_aux_weights or aux is None or not time_major else aux
        aux = aux if has_aux_weights else None
        ahead, back = inputs[_FORWARD.state], inputs[_BACKWARD.state]
        for _ in range(len(x) if is_repeated else 1):
            y, ahead = forward(inputs).run(x, aux, ahead)
            z, back = backward(inputs).run(x_back, aux, back, backward=True)
        outputs = [time_first(y, time_major), time_first(z, time_major)]
        if merge:
            outputs = [np.concatenate(outputs, axis=2)]
        return *outputs, ahead, back

    return contiguous(run)


@needs("a sequence of rank 3, and not of no steps")
def sequence(op: Op) -> str | None:
    x = operand_shape(op, 0)
    return None if len(x) == 3 and 0 not in x[:2] else f"shape {shape_text(x)}"


@needs("12 inputs, and one output if they are merged, else two")
def counts(op: Op) -> str | None:
    outputs = 1 if op.options.merge_outputs else 2
    fits = len(op.inputs) == _COUNT and len(op.outputs) == outputs
    return None if fits else f"{len(op.inputs)} and {len(op.outputs)}"


@needs("an auxiliary input of the first one's shape, with weights for both cells or none")
def fitting_aux(op: Op) -> str | None:
    """LiteRT steps through it by the first input's depth."""
    x = operand_shape(op, 0)
    expected: dict[int, Any] = {_AUX: x}
    weights = [places.aux_weights for places in (_FORWARD, _BACKWARD)]
    present = [given(op, i) is not None for i in weights if i is not None]
    if any(present) and not (all(present) and given(op, _AUX) is not None):
        return "some of them"
    for places in (_FORWARD, _BACKWARD):
        assert places.aux_weights is not None
        expected[places.aux_weights] = (operand_shape(op, places.weights)[0], x[2])
    return wrong_shape(op, expected)


@needs("asymmetric_quantize_inputs, a batch of one, batch first, or outputs apart with integer weights")
def merged_batch(op: Op) -> str | None:
    """LiteRT dies of the rest."""
    batch, options = operand_shape(op, 0)[1], op.options
    dies = options.merge_outputs and options.time_major and not options.asymmetric_quantize_inputs
    return f"a batch of {batch}" if dies and batch > 1 else None


_CONSTRAINTS = (
    counts,
    sequence,
    fitting(_FORWARD, 0),
    fitting(_BACKWARD, 0),
    fitting_aux,
    dense,
    variable_states(_FORWARD.state, _BACKWARD.state),
)


def _types(weights: str) -> str:
    cell = f"{weights} {weights} float32 float32"
    return f"float32 {cell} {cell} float32? {weights}? {weights}? -> float32 float32?"


SUPPORT = [
    OpSupport("BIDIRECTIONAL_SEQUENCE_RNN", (1, 3), _types("float32"), _CONSTRAINTS, prepare),
    OpSupport(
        "BIDIRECTIONAL_SEQUENCE_RNN",
        (1, 3),
        _types("T"),
        (*_CONSTRAINTS, scaled_weights, merged_batch),
        prepare,
        T="int8 uint8",
    ),
]
