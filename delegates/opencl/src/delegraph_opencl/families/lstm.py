"""What LSTM and UNIDIRECTIONAL_SEQUENCE_LSTM share: a cell that is run over a sequence.

The products of the input and the weights of all gates are computed first, for all steps at once; then a
work-group takes each row of the batch through the steps (``lstm.cl``). With integer weights and a float
input each row of what is multiplied with them is rounded to 8 bits, as in LiteRT.

Source: tflite/kernels/lstm_eval.cc, lstm_shared.h; tflite/delegates/gpu/common/lstm_parser.cc.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from delegraph import Constraint, Op, OpSupport, Tensor, frozen, needs, quantize_multiplier, shape_text
from delegraph.rules import (
    clips,
    diagonals,
    full_inputs,
    matrix_shape,
    operand,
    operand_shape,
    recurrent_matrices,
    scaled_weights,
    shape_of,
    zero_point_found,
)

from ..options import Options
from ..program.epilogue import Epilogue, written_epilogue
from ..program.launch import Arg, Launch, Packed, int32s, rounded_up
from ..program.node import Kernel, Node, PostOp, Scratch, Value, centered, dequantized
from ..program.sources import cl_source
from ..program.target import Target
from .hybrid import Rounded, rounded, signed, wide_numbers
from .products import Product, Side, multiplied

_X = 0
_INPUT_WEIGHTS, _RECURRENT_WEIGHTS = (1, 2, 3, 4), (5, 6, 7, 8)  # of input, forget, update and output gate
_PEEPHOLES = (9, 10, None, 11)
_BIASES, _NORMS = (12, 13, 14, 15), (20, 21, 22, 23)
_PROJECTION, _PROJECTION_BIAS = 16, 17
_OUTPUT_STATE, _CELL_STATE = 18, 19
_WEIGHTS = (*range(1, 18), *_NORMS)
_HIDDEN = 4  # the intermediate tensor of the output before a projection
_Q3 = 2.0**-12  # the step of what enters a gate of integers
_LANES, _CHUNKS = 16, 4  # on a CPU: numbers of a vector, vectors summed at once
_GROUP = 256  # work-items of a row on a GPU
_CURVES = {
    "NONE": "(v)",
    "RELU": "fmax(v, 0.0f)",
    "RELU_N1_TO_1": "fmin(fmax(v, -1.0f), 1.0f)",
    "RELU6": "fmin(fmax(v, 0.0f), 6.0f)",
    "TANH": "tanh(v)",
}
_INTEGERS = ("int8", "uint8")


def cell_support(
    op: str, options: Options, last: int, constraints: Sequence[Constraint], has_diagonals: bool = False
) -> Iterable[OpSupport]:
    """Return the support rows of an op that runs one cell: float, with integer weights, and in integers.

    :param has_diagonals: recurrent weights may be vectors of floats, which stand for diagonal matrices
    """
    constraints = (*constraints, diagonals if has_diagonals else recurrent_matrices)
    constraints = (*constraints, full_inputs, clips, constant_weights, fitting, variable_states)
    kernel, versions = Kernel(_launches), (1, last if options.quantized else 2)
    rtol = 4e-2 if options.precision == "float16" else 1e-5
    yield OpSupport(
        op, versions, _types("float32", False), (*constraints, known_activation), kernel, rtol=rtol
    )
    if options.quantized:
        types = _types("int8|uint8", has_diagonals)
        rtol = max(rtol, 2e-2)  # a last bit may move the state, which is rounded, to another step
        yield OpSupport(
            op,
            versions,
            types,
            (*constraints, known_activation, scaled_weights),
            kernel,
            rtol=rtol,
        )
        yield OpSupport(
            op, versions, _INTEGER_TYPES, (*constraints, integer_scales, gates_in_reach), kernel, steps=1
        )


def _types(weights: str, has_diagonals: bool) -> str:
    """Return a row's types: x, weights of input and state, peepholes, biases, projection, state, norms."""
    recurrent = f"{weights}|float32" if has_diagonals else weights
    matrices = f"{weights}? {weights} {weights} {weights} {recurrent}? {recurrent} {recurrent} {recurrent}"
    peepholes, biases = f"{weights}? {weights}? {weights}?", "float32? float32 float32 float32"
    ends = f"{weights}? float32? float32 float32 float32? float32? float32? float32?"
    return f"float32 {matrices} {peepholes} {biases} {ends} -> float32"


_INTEGER_TYPES = (
    "int8 int8? int8 int8 int8 int8? int8 int8 int8 none none none int32? int32 int32 int32"
    " none none int8 int16 none? none? none? none? -> int8"
)


@frozen(hash=False)
class Cell:
    """A cell's sizes and weights; each gate has ``padded`` places, zeros at the end."""

    op: Op
    depth: int
    cells: int
    outputs: int
    is_integer: bool
    is_hybrid: bool  # floats, and weights that are integers

    @property
    def padded(self) -> int:
        return rounded_up(self.cells, _LANES)

    @property
    def padded_outputs(self) -> int:
        return rounded_up(self.outputs, _LANES)

    def gates(
        self, inputs: Sequence[int | None], of: Callable[[Tensor], np.ndarray], dtype: Any = np.float32
    ) -> np.ndarray:
        """Return what ``of`` gives for each gate's tensor, (4 * padded, ...); zeros where there is none."""
        found = [None if i is None else input_at(self.op, i) for i in inputs]
        arrays = [None if t is None else of(t) for t in found]
        rest = next((a.shape[1:] for a in arrays if a is not None), ())
        whole = np.zeros((4, self.padded, *rest), dtype)
        for place, array in zip(whole, arrays, strict=True):
            if array is not None:
                place[: self.cells] = array
        return whole.reshape(4 * self.padded, *rest)

    def factors(self, inputs: Sequence[int], operand: Tensor) -> np.ndarray:
        """Return multiplier and shift from integer sums to the steps of each gate, (2, 4 * padded)."""

        def factor(weights: Tensor) -> np.ndarray:
            real = np.float32(weights.scale) * np.float32(operand.scale) / np.float32(_Q3)
            return np.full((self.cells, 2), quantize_multiplier(float(real)))

        return np.transpose(self.gates(inputs, factor, np.int32))

    def matrix(self, inputs: Sequence[int]) -> np.ndarray:
        """Return weights of all gates, (4 * padded, depth); a vector stands for a diagonal matrix."""
        return self.gates(inputs, self._weights)

    def _weights(self, tensor: Tensor) -> np.ndarray:
        values = centered(tensor)[0] if self.is_integer else self.stored(tensor)
        matrix: np.ndarray = np.diag(values) if values.ndim == 1 else values
        return matrix

    def scales(self, inputs: Sequence[int]) -> np.ndarray:
        """Return the scale of integer weights, (4 * padded,); 0 where they are floats."""

        def scale(tensor: Tensor) -> np.ndarray:
            return np.full(self.cells, tensor.scale if tensor.dtype in _INTEGERS else 0, np.float32)

        return self.gates(inputs, scale)

    def stored(self, tensor: Tensor) -> np.ndarray:
        """Return weights as they are stored, integers with the sign that LiteRT gives them."""
        return signed(tensor) if tensor.dtype in _INTEGERS else dequantized(tensor)

    def real(self, tensor: Tensor) -> np.ndarray:
        """Return the real numbers that weights stand for."""
        return np.asarray(
            self.stored(tensor) * np.float32(tensor.scale if tensor.dtype in _INTEGERS else 1)
        )


def cell_of(op: Op) -> Cell:
    cells, depth = matrix_shape(op, _INPUT_WEIGHTS[3])
    *_, outputs = operand_shape(op, _RECURRENT_WEIGHTS[3]) or (cells,)
    x = operand(op, _X)
    is_hybrid = x.dtype == "float32" and operand(op, _INPUT_WEIGHTS[3]).dtype in _INTEGERS
    return Cell(op, depth, cells, outputs, x.dtype == "int8", is_hybrid)


def input_at(op: Op, index: int) -> Tensor | None:
    return op.inputs[index] if index < len(op.inputs) else None


# Launches.


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    """x: (time, batch, depth), (batch, time, depth) or, for one step, (batch, depth)."""
    x, cell = node.input(_X), cell_of(node.op)
    rows = math.prod(x.shape[:-1])
    if not rows:
        return
    sums, lines = Scratch(4 * rows * 4 * cell.padded), None
    if cell.is_hybrid:
        lines = rounded(x, x.shape, np.arange(rows) * cell.depth, 1, _asymmetric(node.op), target)
        yield from lines.launches
    yield from multiplied(_entering(node, cell, x, lines, sums, rows), target)
    yield _steps(node, cell, sums, rows, target)


def _entering(node: Node, cell: Cell, x: Value, lines: Rounded | None, sums: Scratch, rows: int) -> Product:
    """Return the product that gives what the gates get from the input at all steps."""
    columns, depth = 4 * cell.padded, cell.depth
    key = f"{node.op}, weights of the input"
    weights = Packed(key, lambda: cell.matrix(_INPUT_WEIGHTS), 4 * columns * depth)
    begin = np.zeros(1, np.int64)
    left = Side(lines.value if lines else x, begin, depth, 1)
    right = Side(weights, begin, depth, 1)
    return Product(left, right, sums, rows, columns, depth, _entering_epilogue(node, cell, lines))


def _entering_epilogue(node: Node, cell: Cell, lines: Rounded | None) -> Epilogue:
    """The bias is added to the sum, or later: to a normalized sum, and to integers."""
    columns, post_ops = 4 * cell.padded, []
    if lines:
        post_ops.append(PostOp("v * ({0} * {1})", (lines.per(columns), cell.scales(_INPUT_WEIGHTS))))
    if not cell.is_integer and not has(node.op, _NORMS):
        post_ops.append(PostOp("v + {0}", (cell.gates(_BIASES, dequantized),)))
    return written_epilogue(post_ops, columns, f"{node.op}, sums of the input")


def _steps(node: Node, cell: Cell, sums: Scratch, rows: int, target: Target) -> Launch:
    op, (y, new_output, new_cell) = node.op, node.outputs
    output_state, cell_state = node.input(_OUTPUT_STATE), node.input(_CELL_STATE)
    batch = rows // _time(op)
    strides = (batch, 1) if op.options.get("time_major", False) else (1, _time(op))
    lanes, chunks = (_LANES, _CHUNKS) if target.variant == "cpu" else (1, 1)
    block = lanes * chunks if target.variant == "cpu" else 4 * cell.padded
    local = 1 if target.variant == "cpu" else _GROUP
    memory = Scratch(4 * batch * (7 * cell.padded + 2 * cell.padded_outputs + 16))
    sizes = (cell.cells, cell.outputs, cell.padded, cell.padded_outputs, block)
    args: tuple[Arg, ...] = (
        sums,
        Packed(
            f"{op}, recurrent weights by {block}",
            lambda: _recurrent(cell, block),
            4 * 4 * cell.padded * cell.outputs,
        ),
        Packed(f"{op}, vectors", lambda: _vectors(cell)),
        Packed(f"{op}, integers", lambda: _integers(cell)),
        Packed(f"{op}, projection", lambda: _projection(cell)),
        output_state,
        cell_state,
        y,
        new_output,
        new_cell,
        memory,
        *int32s(_time(op), *strides, *sizes),
        *_numbers(cell),
    )
    defines = (*_defines(op, cell, lanes, chunks, new_cell), *wide_numbers(target))
    flops = 2 * rows * cell.cells * cell.outputs * 4
    rounding = cl_source("families/rounding.cl") if cell.is_hybrid else ""
    # A pragma for such a cell, and the functions of an integer one, are not for other kernels.
    is_alone = local == 1 and not (cell.is_hybrid or cell.is_integer)
    source = (_ALONE if is_alone else _TOGETHER) + rounding + cl_source("families/lstm.cl")
    written = (y, new_output, new_cell)
    return Launch(source, "lstm", args, (batch * local,), (local,), defines, written, flops)


_ALONE = "#define ROW get_global_id(0)\n#define ITEM 0\n#define ITEMS 1\n#define SYNC\n"
_TOGETHER = """
#define ROW get_group_id(0)
#define ITEM get_local_id(0)
#define ITEMS get_local_size(0)
#define SYNC barrier(CLK_GLOBAL_MEM_FENCE)
"""


def _time(op: Op) -> int:
    x = op.inputs[_X]
    assert x is not None
    assert x.shape is not None
    return 1 if len(x.shape) == 2 else x.shape[0 if op.options.time_major else 1]


def _asymmetric(op: Op) -> bool:
    return bool(op.options.get("asymmetric_quantize_inputs", False))


def has(op: Op, inputs: Sequence[int | None]) -> bool:
    """Say whether an op has a group of inputs."""
    return any(i is not None and input_at(op, i) is not None for i in inputs)


def _defines(op: Op, cell: Cell, lanes: int, chunks: int, state: Value) -> tuple[tuple[str, Any], ...]:
    w = "" if lanes == 1 else str(lanes)
    activation = _CURVES.get(str(op.options.fused_activation_function), _CURVES["TANH"])
    if cell.is_hybrid and activation == _CURVES["TANH"]:
        activation = "near_tanh(v)"
    found: list[tuple[str, Any]] = [
        ("LANES", lanes),
        ("CHUNKS", chunks),
        ("VF", f"float{w}"),
        ("V(name)", f"name##{w}" if w else "name"),
        ("VI", f"int{w}"),
        ("VL", f"long{w}"),
        ("FLOATS(v)", f"convert_float{w}(v)"),
        ("INTS(v)", f"convert_int{w}(v)"),
        ("INTS_SAT(v)", f"convert_int{w}_sat(v)"),
        ("LONGS(v)", f"convert_long{w}(v)"),
        ("AS_FLOATS(v)", f"as_float{w}(v)"),
        ("ACTIVATION(v)", activation),
    ]
    is_short = state.dtype == "int16"
    found += [("CELL", "short" if is_short else "REAL")]
    found += [("LOAD_CELL(p, i)", "(p)[i]" if is_short else "LOAD(p, i)")]
    found += [("STORE_CELL(p, i, v)", "(p)[i] = (short)(v)" if is_short else "STORE(p, i, (F)(v))")]
    found += [("ASYMMETRIC", int(_asymmetric(op)))]
    scales = cell.scales(_RECURRENT_WEIGHTS)[:: cell.padded][int(not has(op, _INPUT_WEIGHTS[:1])) :]
    parts = {
        "INTEGERS": cell.is_integer,
        "HYBRID": cell.is_hybrid,
        "MIXED": cell.is_hybrid and not all(scales),
        "COUPLED": not has(op, _INPUT_WEIGHTS[:1]),
        "PEEPHOLES": has(op, _PEEPHOLES),
        "NORMS": has(op, _NORMS),
        "PROJECTION": has(op, (_PROJECTION,)),
    }
    return (*found, *((name, 1) for name, there in parts.items() if there))


def _recurrent(cell: Cell, block: int) -> np.ndarray:
    """Return the recurrent weights as (blocks of places, outputs, places)."""
    matrix = cell.matrix(_RECURRENT_WEIGHTS)
    return np.ascontiguousarray(matrix.reshape(-1, block, cell.outputs).transpose(0, 2, 1))


def _vectors(cell: Cell) -> np.ndarray:
    """Return biases, norms, peepholes, the projection's bias and the scales of recurrent weights.

    Of integers there are none.
    """
    found = [np.zeros(4 * cell.padded)] * 3
    if not cell.is_integer:
        found = [cell.gates(group, cell.real) for group in (_BIASES, _NORMS, _PEEPHOLES)]
    bias = np.zeros(cell.padded_outputs)
    if (t := input_at(cell.op, _PROJECTION_BIAS)) is not None:
        bias[: cell.outputs] = dequantized(t)
    return np.concatenate([*found, bias, cell.scales(_RECURRENT_WEIGHTS)]).astype(np.float32)


def _integers(cell: Cell) -> np.ndarray:
    """Return integer biases, and multipliers and shifts of both products; for floats nothing."""
    x, state = input_at(cell.op, _X), input_at(cell.op, _OUTPUT_STATE)
    assert x is not None
    assert state is not None
    if not cell.is_integer:
        return np.zeros(1, np.int32)
    biases = cell.gates(_BIASES, lambda t: np.asarray(t.data), np.int32)
    factors = [cell.factors(_INPUT_WEIGHTS, x), cell.factors(_RECURRENT_WEIGHTS, state)]
    return np.ascontiguousarray(np.concatenate([biases[None], *factors]), np.int32)


def _projection(cell: Cell) -> np.ndarray:
    """Return the projection's weights as (cells, padded outputs)."""
    found = np.zeros((cell.cells, cell.padded_outputs), np.float32)
    if (t := input_at(cell.op, _PROJECTION)) is not None:
        found[:, : cell.outputs] = cell.stored(t).T
    return found


def _numbers(cell: Cell) -> tuple[np.generic, ...]:
    """Return what says how integers are shown, the clips of cell state and projection, and its scale."""
    o, projection = cell.op.options, input_at(cell.op, _PROJECTION)
    if not cell.is_integer:
        scale = projection.scale if projection is not None and cell.is_hybrid else 1.0
        return (*int32s(0, 0, 0, 0, 0, 0), *map(np.float32, (o.cell_clip, o.proj_clip, scale)))
    state, memory = input_at(cell.op, _OUTPUT_STATE), input_at(cell.op, _CELL_STATE)
    hidden = cell.op.intermediates[_HIDDEN]
    assert state is not None
    assert memory is not None
    bits = 15 + round(math.log2(memory.scale))  # of the cell state, before the point
    leaving = quantize_multiplier(float(np.float32(2.0**-15 / float(hidden.scale) * 2.0**-15)))
    zero, clip = state.zero_point, np.float32(o.cell_clip) / np.float32(memory.scale)
    limits = (hidden.zero_point - zero, -128 - zero, 127 - zero)
    clips = np.trunc(np.minimum(clip, np.float32(32767))), np.float32(0)
    return (*int32s(bits, *leaving, *limits), *clips, np.float32(1))


# What a cell needs.


@needs("constant weights")
def constant_weights(op: Op) -> str | None:
    tensors = [t for i in _WEIGHTS if (t := input_at(op, i)) is not None]
    odd = [t for t in tensors if not t.is_constant or t.sparsity is not None]
    return f"{odd[0].name!r}, which is {'sparse' if odd[0].is_constant else 'computed'}" if odd else None


@needs("weights, biases and states whose shapes fit the input's")
def fitting(op: Op) -> str | None:
    cell, x = cell_of(op), op.inputs[_X]
    assert x is not None
    assert x.shape is not None
    batch = math.prod(x.shape[:-1]) // max(_time(op), 1)
    expected: dict[int, tuple[tuple[int, ...], ...]] = {_X: ((*x.shape[:-1], cell.depth),)}
    expected |= dict.fromkeys(_INPUT_WEIGHTS, ((cell.cells, cell.depth),))
    expected |= dict.fromkeys(_RECURRENT_WEIGHTS, ((cell.cells, cell.outputs), (cell.cells,)))
    vectors = [i for i in (*_PEEPHOLES, *_BIASES, *_NORMS) if i is not None]
    expected |= dict.fromkeys(vectors, ((cell.cells,),))
    expected |= {_PROJECTION: ((cell.outputs, cell.cells),), _PROJECTION_BIAS: ((cell.outputs,),)}
    for i, shapes in expected.items():
        t = input_at(op, i)
        if t is not None and t.shape not in shapes:
            return f"shape {shape_text(t.shape)} for {t.name!r}, where {shapes[0]} fits"
    sizes = {_OUTPUT_STATE: batch * cell.outputs, _CELL_STATE: batch * cell.cells}
    for i, size in sizes.items():
        t = input_at(op, i)
        if t is not None and t.size != size:
            return f"{t.size} elements in {t.name!r}, where {size} fit"
    return _incomplete(op, cell)


def _incomplete(op: Op, cell: Cell) -> str | None:
    """Return in words what is missing: gates have all their tensors, or none."""
    coupled = not has(op, _INPUT_WEIGHTS[:1])
    gates = range(int(coupled), 4)
    for name, group in (
        ("weights", _INPUT_WEIGHTS),
        ("recurrent weights", _RECURRENT_WEIGHTS),
        ("biases", _BIASES),
    ):
        if any(input_at(op, group[k]) is None for k in gates) or (coupled and has(op, group[:1])):
            return f"{name} of some gates only"
    for name, some in (("peepholes", _PEEPHOLES), ("layer norm", _NORMS)):
        there = [some[k] for k in gates if some[k] is not None]
        if has(op, there) and not all(has(op, [i]) for i in there):
            return f"{name} of some gates only"
    if not has(op, [_PROJECTION]) and (cell.outputs != cell.cells or has(op, [_PROJECTION_BIAS])):
        return f"{cell.outputs} outputs of {cell.cells} cells without a projection"
    return None


@needs("variable tensors for its state")
def variable_states(op: Op) -> str | None:
    for i in (_OUTPUT_STATE, _CELL_STATE):
        t = input_at(op, i)
        if t is None or not t.is_variable:
            return f"none as input {i}" if t is None else f"{t.name!r}, which is not variable"
    return None


@needs(f"an activation among {', '.join(_CURVES)}")
def known_activation(op: Op) -> str | None:
    name = str(op.options.fused_activation_function)
    return None if name in _CURVES else name


@needs(
    "one scale each, a power of two for the cell state, an output stored as its state is, and zero points"
    " of 0 on weights and biases"
)
def integer_scales(op: Op) -> str | None:
    state, memory, out = input_at(op, _OUTPUT_STATE), input_at(op, _CELL_STATE), op.outputs[0]
    assert state is not None
    assert memory is not None
    if len(op.intermediates) != _HIDDEN + 1:
        return f"{len(op.intermediates)} intermediate tensors in place of {_HIDDEN + 1}"
    used = [t for t in op.inputs if t is not None and t.dtype in ("int8", "int16")]
    for t in (*used, op.intermediates[_HIDDEN], out):
        if not t.scale or t.quantization is None or len(t.quantization.scale) != 1:
            return f"another number of scales on {t.name!r}"
    constants = (t for t in op.inputs[1:] if t is not None and not t.is_variable)
    if shifted := next(filter(None, map(zero_point_found, constants)), None):
        return shifted
    if (state.scale, state.zero_point) != (out.scale, out.zero_point):
        return f"{state.scale:g}, {state.zero_point} and {out.scale:g}, {out.zero_point}"
    if 2.0**-16 < memory.scale < 2.0**-8:
        exponent = math.log2(memory.scale)
        if abs(exponent - round(exponent)) < 1e-3:
            return None
    return f"{memory.scale:g} for the cell state"


@needs("sums that stay within int32, in steps of what enters the gates, too")
def gates_in_reach(op: Op) -> str | None:
    """LiteRT's wrap there."""
    for state, matrices in ((_X, _INPUT_WEIGHTS), (_OUTPUT_STATE, _RECURRENT_WEIGHTS)):
        x = operand(op, state)
        for i, k in zip(matrices, _BIASES, strict=True):
            weights, bias = input_at(op, i), input_at(op, k)
            if weights is not None and (found := _beyond_int32(x, weights, bias if state == _X else None)):
                return found
    return None


def _beyond_int32(x: Tensor, weights: Tensor, bias: Tensor | None) -> str | None:
    sums = 2.0**15 * shape_of(weights)[-1]
    if bias is not None and bias.data is not None:
        sums += float(np.abs(bias.data.astype(np.float64)).max(initial=0))
    shifted = sums * max(1.0, 2 * x.scale * weights.scale / _Q3)
    return None if shifted < 2.0**31 else f"up to {shifted:.3g}"
