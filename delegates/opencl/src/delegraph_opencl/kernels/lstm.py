"""LSTM: one step of an LSTM cell.

FULL: x (batch, depth) to (batch, outputs), with its state in variable tensors: a sequence of length 1.

BASIC: x (batch, depth), previous activation and state (batch, cells) to the next ones, the two operands of
the product side by side (batch, depth + cells) and what enters the gates (batch, 4 * cells): input, update,
forget, output gate.

Source: tflite/delegates/gpu/common/model_builder.cc (LSTMOperationParser); tflite/kernels/lstm.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import basic_kernel, full_kernel, operand_shape

from ..families.elementwise import spread
from ..families.lstm import cell_support
from ..families.move_ops import stacked
from ..families.movement import moved, stored, tables_of
from ..families.products import Product, Side, multiplied
from ..options import Options
from ..program.epilogue import written_epilogue
from ..program.launch import Launch, blocks, int32s
from ..program.node import Kernel, Node, PostOp
from ..program.target import Target

_X, _ACTIVATION, _WEIGHTS, _BIAS, _STATE = range(5)  # inputs of the BASIC kernel
_STORED_STATE = (("STATE", "REAL"), ("LOAD_STATE", "LOAD"))
_WORK = 256  # cells of a work-item on a CPU


def support(options: Options) -> Iterable[OpSupport]:
    yield from cell_support("LSTM", options, 4, [full_kernel, one_step])
    yield OpSupport(
        "LSTM",
        (1, 4 if options.quantized else 2),
        "float32 float32 float32 float32 float32 -> float32 float32 float32 float32",
        (basic_kernel, fitting_basic),
        Kernel(_launches),
        rtol=2e-2 if options.precision == "float16" else 1e-5,
    )


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    """Store both operands side by side, then what enters the gates, then the new activation and state."""
    x, previous, weights, bias, state = map(node.input, range(5))
    activation, next_state, both, sums = node.outputs[:4]
    if not sums.size:
        return
    batch, cells = previous.shape
    depth, begin = weights.shape[1], np.zeros(1, np.int64)
    beside = Node(node.op, node.kernel, [x, previous], [both])
    yield from stacked(beside, target, 1, [x.shape[1], cells])
    left = Side(both, begin, depth, 1)
    right = Side(stored(weights), begin, depth, 1)
    epilogue = written_epilogue([PostOp("v + {0}", (bias,))], 4 * cells, f"{node.op}, bias")
    yield from multiplied(Product(left, right, sums, batch, 4 * cells, depth, epilogue), target)
    per_item = _WORK if target.variant == "cpu" else 1
    yield Launch(
        _SOURCE,
        "basic_lstm",
        (sums, stored(state), activation, next_state, *int32s(state.size, cells, per_item)),
        *spread(blocks(state.size, per_item), target),
        (("STATE", "float"), ("LOAD_STATE", "LOADF")) if state.is_constant else _STORED_STATE,
        writes=(activation, next_state),
    )
    variables = [i for i in (_ACTIVATION, _STATE) if node.op.inputs[i] in node.op.variables]
    for i, kept in zip(variables, node.outputs[4:], strict=True):
        new = activation if i == _ACTIVATION else next_state
        yield from moved(new, kept, tables_of(new.shape), target)


@needs("an input of rank 2")
def one_step(op: Op) -> str | None:
    x = operand_shape(op)
    return None if len(x) == 2 else f"shape {shape_text(x)}"


@needs("weights, bias and states whose shapes fit the input's")
def fitting_basic(op: Op) -> str | None:
    x, activation, *others = (operand_shape(op, i) for i in range(5))
    if len(x) != 2 or len(activation) != 2:
        return f"shapes {shape_text(x)} and {shape_text(activation)}"
    cells = activation[1]
    fits = [(4 * cells, x[1] + cells), (4 * cells,), (x[0], cells)]
    return (
        None
        if others == fits and activation[0] == x[0]
        else f"shapes {shape_text(x)}, {shape_text(activation)} and {others}"
    )


_SOURCE = """
#define OPEN(v) (1.0f / (1.0f + exp(-(v))))

__kernel void basic_lstm(__global const REAL* restrict sums, __global const STATE* restrict state,
                         __global REAL* restrict activation, __global REAL* restrict next_state,
                         int n, int cells, int per_item) {
  int first = get_global_id(0) * per_item, last = min(first + per_item, n);
  for (int i = first; i < last; i++) {
    int gate = i / cells * 4 * cells + i % cells;
    float enter = (float)LOAD(sums, gate), update = (float)LOAD(sums, gate + cells);
    float forget = (float)LOAD(sums, gate + 2 * cells), leave = (float)LOAD(sums, gate + 3 * cells);
    float next = OPEN(enter) * tanh(update) + OPEN(forget) * (float)LOAD_STATE(state, i);
    STORE(next_state, i, (F)next);
    STORE(activation, i, (F)(OPEN(leave) * tanh(next)));
  }
}
"""
