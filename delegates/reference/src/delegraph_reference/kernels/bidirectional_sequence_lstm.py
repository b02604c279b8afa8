"""BIDIRECTIONAL_SEQUENCE_LSTM: two LSTM cells run over a sequence, one from its end.

x: (time, batch, depth), or (batch, time, depth) unless time_major; out: the same with a cell's outputs in
place of depth, side by side if merge_outputs, else two. An auxiliary input with weights of its own goes
into both cells; one without them is what the backward cell gets in place of x.

Source: tflite/kernels/bidirectional_sequence_lstm.cc, lstm_eval.cc.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import (
    clips,
    dense,
    given,
    operand_shape,
    scaled_weights,
    variable_states,
    wrong_shape,
)

from ..hybrid import in_rows
from ..kernel import Kernel
from ..lstm_cell import LstmCell, LstmPlaces, complete, fitting, some_activation
from ..recurrent import contiguous, made_of, padded, time_first

_FORWARD = LstmPlaces(output_state=35, cell_state=36, aux_weights=(40, 41, 42, 43))
_BACKWARD = LstmPlaces(
    input_weights=(18, 19, 20, 21),
    recurrent_weights=(22, 23, 24, 25),
    peepholes=(26, 27, 28),
    biases=(29, 30, 31, 32),
    projection=33,
    projection_bias=34,
    output_state=37,
    cell_state=38,
    aux_weights=(44, 45, 46, 47),
)
_AUX = 39
_COUNT = 48


def prepare(op: Op) -> Kernel:
    time_major, merge = bool(op.options.time_major), bool(op.options.merge_outputs)
    cells = [
        made_of(op, places.weights, lambda inputs, places=places: LstmCell(op, places, inputs))  # type: ignore[misc]
        for places in (_FORWARD, _BACKWARD)
    ]
    has_aux_weights = _has_aux_weights(op)

    def run(*given: Any) -> tuple[np.ndarray, ...]:
        inputs = padded(given, _COUNT)
        x = time_first(inputs[0], time_major)
        aux = None if inputs[_AUX] is None else time_first(inputs[_AUX], time_major)
        ways = [(x, aux), (x, aux)] if has_aux_weights else [(x, None), (x if aux is None else aux, None)]
        outputs, states = [], []
        for cell_of, places, way, backward in zip(
            cells, (_FORWARD, _BACKWARD), ways, (False, True), strict=True
        ):
            state = [inputs[i] for i in (places.output_state, places.cell_state)]
            y, *after = cell_of(inputs).run(
                *way, *[in_rows(s, x.shape[1]) for s in state], backward=backward
            )
            outputs.append(time_first(y, time_major))
            states += [new.reshape(old.shape) for new, old in zip(after, state, strict=True)]
        if merge:
            outputs = [np.concatenate(outputs, axis=2)]
        return *outputs, *states

    return contiguous(run)


def _has_aux_weights(op: Op) -> bool:
    return given(op, _FORWARD.aux_weights[1]) is not None


def _batch(op: Op) -> int:
    return operand_shape(op, 0)[1 if op.options.time_major else 0]


@needs("a sequence of rank 3, as deep as the input weights")
def sequence(op: Op) -> str | None:
    x, depth = operand_shape(op, 0), _FORWARD.sizes(op)[0]
    return None if len(x) == 3 and x[2] == depth else f"shape {shape_text(x)} for weights of depth {depth}"


@needs("cells of one size")
def equal_cells(op: Op) -> str | None:
    """LiteRT holds the backward weights to the forward cell's sizes."""
    forward, backward = _FORWARD.sizes(op), _BACKWARD.sizes(op)
    return None if forward == backward else f"{forward} and {backward} inputs, cells and outputs"


@needs("48 inputs, and one output if they are merged, else two")
def counts(op: Op) -> str | None:
    outputs = 1 if op.options.merge_outputs else 2
    fits = len(op.inputs) == _COUNT and len(op.outputs) == outputs
    return None if fits else f"{len(op.inputs)} and {len(op.outputs)}"


@needs("weights for an auxiliary input all or none, and an input of the sequence's length for them")
def fitting_aux(op: Op) -> str | None:
    x, aux = operand_shape(op, 0), given(op, _AUX)
    aux_depth = None if aux is None or aux.shape is None else aux.shape[-1]
    expected: dict[int, Any] = {_AUX: x}
    present = []
    for places in (_FORWARD, _BACKWARD):
        coupled = given(op, places.input_weights[0]) is None
        indices = places.aux_weights[1:] if coupled else places.aux_weights
        present += [given(op, i) is not None for i in indices]
        expected |= dict.fromkeys(indices, (places.sizes(op)[1], aux_depth))
    if any(present):
        expected[_AUX] = (*x[:2], aux_depth)
        if not all(present) or aux is None:
            return "some of them"
    return wrong_shape(op, expected)


@needs("a batch of one, time first, or outputs apart where outputs are merged")
def merged_batch(op: Op) -> str | None:
    """LiteRT would look for a row's state behind as many values as the merged output has."""
    batch = _batch(op)
    misplaced = op.options.merge_outputs and not op.options.time_major and batch > 1
    return f"a batch of {batch}" if misplaced else None


def _types(weights: str) -> str:
    matrices = f"{weights}? {weights} {weights} {weights} {weights}? {weights} {weights} {weights}"
    cell = (
        f"{matrices} {weights}? {weights}? {weights}? float32? float32 float32 float32 {weights}? float32?"
    )
    aux = " ".join([f"{weights}?"] * 8)
    return f"float32 {cell} {cell} float32 float32 float32 float32 float32? {aux} -> float32 float32?"


_STATES = (_FORWARD.output_state, _FORWARD.cell_state, _BACKWARD.output_state, _BACKWARD.cell_state)
_CONSTRAINTS = (
    counts,
    sequence,
    equal_cells,
    complete(_FORWARD),
    complete(_BACKWARD),
    fitting(_FORWARD, _batch),
    fitting(_BACKWARD, _batch),
    fitting_aux,
    merged_batch,
    clips,
    dense,
    some_activation,
    variable_states(*_STATES),
)

SUPPORT = [
    OpSupport("BIDIRECTIONAL_SEQUENCE_LSTM", (1, 3), _types("float32"), _CONSTRAINTS, prepare),
    *[
        OpSupport(
            "BIDIRECTIONAL_SEQUENCE_LSTM", (1, 3), _types(t), (*_CONSTRAINTS, scaled_weights), prepare
        )
        for t in ("int8", "uint8")
    ],
]
