"""The operands that quantizing relies on: an op of a broken file may lack some, or have more."""

from __future__ import annotations

from functools import cache

from delegraph import Model, ModelError, Op, Plan, plan_model, shape_text

from ..bounds import budget
from ..real import is_quantized
from ..spec import SPECS, OpSpec

# Ops without a row that are edited, too.
_OTHERS = (
    OpSpec("DENSIFY", "x -> x"),
    OpSpec("DEQUANTIZE", "x -> x"),
    OpSpec("DIV", "x x -> x"),
    OpSpec("NumericVerify", "x x -> x"),
    OpSpec("QUANTIZE", "x -> x"),
)
_AS_STORED = frozenset(("BITWISE_XOR", "FLOOR_DIV", "FLOOR_MOD", "RIGHT_SHIFT"))
# Ops that XNNPACK does not take without values, by the first axis of which it counts.
_NEED_VALUES = {"AVERAGE_POOL_2D": 0, "MAX_POOL_2D": 0, "L2_POOL_2D": 0, "SOFTMAX": -1}
_ROWS = SPECS | {row.op: row for row in _OTHERS}


def checked_plan(model: Model) -> Plan:
    """Look for operands that no kernel does without, or none has, and for shapes that do not fit an op;
    return the plan, which has the shapes that tensors have, whatever the file says.

    :raises ModelError: an op lacks an operand, has one too many, or has nothing to pool
    :raises InputError: shapes, axes or sizes do not fit an op, as the interpreter says it
    """
    for graph in model.subgraphs:
        for op in graph.ops:
            _check(op)
    plan = plan_model(model, [], warn=False, budget=budget())
    for planned in plan.subgraphs:
        for op in planned.graph.ops:
            _check_values(op)
    return plan


def _check_values(op: Op) -> None:
    """Check that there is something to pool: LiteRT runs pools of no values as integers alone."""
    x = op.inputs[0] if op.inputs else None
    if x is None or x.shape is None or op.name not in _NEED_VALUES:
        return
    if 0 in x.shape[_NEED_VALUES[op.name] :]:
        raise ModelError(f"{op} needs an input that has values, found shape {shape_text(x.shape)}")


def _check(op: Op) -> None:
    most = _most(op.name)
    if most is not None and len(op.inputs) > most:
        raise ModelError(f"{op} needs {most} inputs or fewer, found {len(op.inputs)}")
    inputs, outputs = _needed(op.name)
    for kind, places, found in (("input", inputs, op.inputs), ("output", outputs, op.outputs)):
        for place in places:
            if place >= len(found) or found[place] is None:
                raise ModelError(f"{op} needs {kind} {place}, found none")
    _check_bias(op)
    _check_stored(op)


def _check_stored(op: Op) -> None:
    """Check that integers with a scale are not computed with as they are stored: floats cannot stand for
    them.
    """
    x = op.inputs[0] if op.inputs else None
    if op.name in _AS_STORED and x is not None and x.dtype not in ("int32", "int64") and is_quantized(x):
        raise ModelError(
            f"{op} needs numbers without a scale, as it computes with those stored, found {x.dtype}"
        )


def _check_bias(op: Op) -> None:
    """Check that a bias has a value for each channel of the weights, where both sizes are known."""
    row = _ROWS.get(op.name)
    roles = {} if row is None else {o.role: i for i, o in enumerate(row.inputs) if o.role in "wb"}
    if row is None or len(roles) != 2 or roles["b"] >= len(op.inputs):
        return
    weights, bias = (op.inputs[roles[role]] for role in "wb")
    axis = row.input(roles["w"]).axis
    if weights is None or weights.shape is None or bias is None or bias.shape is None:
        return
    if axis >= len(weights.shape):
        raise ModelError(f"{op} needs weights with an axis {axis}, found shape {shape_text(weights.shape)}")
    if bias.size != weights.shape[axis]:
        raise ModelError(f"{op} needs a bias of {weights.shape[axis]} values, found {bias.size}")


@cache
def _needed(name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return places of inputs and of outputs, without shapes and axes, which may be optional."""
    row = _ROWS.get(name)
    if row is None:
        return (), ()
    inputs = tuple(i for i, o in enumerate(row.inputs) if o.role in "x=w" and not o.optional)
    return inputs, tuple(range(len(row.outputs)))


@cache
def _most(name: str) -> int | None:
    """Return how many inputs an op has at most; None where that is open."""
    row = _ROWS.get(name)
    return None if row is None or any(o.repeats for o in row.inputs) else len(row.inputs)
