"""Whatever a file claims of an op's operands and options, its shape rule answers or refuses, naming the op.

Cases are drawn per op, so that each rule gets as many; DELEGRAPH_EXAMPLES says how many.
"""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import pytest
from delegraph import InputError, shapes
from delegraph.model import DTYPES, Op, Record, Tensor, schema
from delegraph.model.op_codes import options_record

EXAMPLES = int(os.environ.get("DELEGRAPH_EXAMPLES", "60"))  # of each op
OPS = sorted(op for op in schema.OPERATORS if shapes.has_rule(op))
EXTREMES = [-(2**31), -(2**31) + 1, 2**31 - 1, 2**16]
TYPES = ["float32", "int32", "int64", "int8", "bool", "string", "bfloat16", "int4"]


@pytest.mark.parametrize("name", OPS)
def test_a_shape_rule_gives_shapes_or_a_refusal_that_names_the_op(name: str) -> None:
    for seed in range(EXAMPLES):
        op = drawn(name, random.Random(f"{name} {seed}"))
        try:
            found = shapes.infer(op, [None if t is None else t.shape for t in op.inputs], values_of(op))
        except Exception as e:
            fine = isinstance(e, InputError) and str(op) in str(e)
        else:
            fine = len(found) == len(op.outputs) and all(map(is_shape, found))
        assert fine, f"seed {seed}: {op!r}"


def test_most_rules_answer_some_of_the_cases() -> None:
    """Else the cases would prove little."""
    answered = {name for name in OPS for seed in range(EXAMPLES) if answers(name, seed)}
    assert len(answered) > 0.6 * len(OPS), sorted(set(OPS) - answered)


def test_a_bare_exception_of_a_rule_becomes_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_rule", lambda op: lambda inputs: dict[int, int]()[1])
    op = drawn("ABS", random.Random(0))
    with pytest.raises(InputError, match=r"op #0 ABS v1: input shapes .* do not fit: KeyError: 1"):
        shapes.infer(op, [None] * len(op.inputs), values_of(op))


def drawn(name: str, r: random.Random) -> Op:
    """Return an op with operands and options that may be anything."""
    usual = dims(r)
    inputs = tuple(operand(i, usual, r) for i in range(r.choice([0, 1, 1, 2, 2, 3, 3, 4, 5, 6])))
    outputs = tuple(
        Tensor(9 + i, f"y{i}", r.choice(TYPES), usual) for i in range(r.choice([0, 1, 1, 1, 2, 3]))
    )
    return Op(0, name, 1, inputs, outputs, options(name, r))


def operand(index: int, usual: Any, r: random.Random) -> Tensor | None:
    """Return an operand: absent, with values or without, often of the shape that others have."""
    kind = r.random()
    if kind < 0.05:
        return None
    if kind < 0.6:
        shape = usual if r.random() < 0.6 else dims(r)
        return Tensor(index, f"t{index}", r.choice(TYPES), None if r.random() < 0.05 else shape)
    values = [number(r) for _ in range(r.choice([0, 1, 1, 2, 2, 3, 4, 4, 6]))]
    dtype = r.choice(["int32", "int32", "int64", "float32"])
    array = np.array(values, np.int64).astype(DTYPES[dtype].numpy)
    if len(values) in (1, 4) and r.random() < 0.5:
        array = array.reshape(() if len(values) == 1 else (2, 2))
    return Tensor(index, f"t{index}", dtype, array.shape, data=array)


def dims(r: random.Random) -> tuple[int, ...]:
    sizes = [0, 1, 1, 2, 2, 3, 4, 6] + ([2**31 - 1] if r.random() < 0.1 else [])
    return tuple(r.choice(sizes) for _ in range(r.choice([0, 1, 2, 2, 3, 4, 4, 5, 6])))


def number(r: random.Random) -> int:
    return r.choice([-3, -2, -1, 0, 0, 1, 1, 2, 3, 4, 6] + (EXTREMES if r.random() < 0.2 else []))


def options(name: str, r: random.Random) -> Record:
    """Return an op's options: each at its default, or anything that a file can hold."""
    found = options_record(name)
    fields = schema.TABLES[found.table] if found.table != "NONE" else ()
    changed = {f.name: option(f, r) for f in fields if r.random() < 0.5}
    return found.replace(**changed) if changed else found


def option(field: schema.Field, r: random.Random) -> Any:
    kind = field.item if field.kind == "vector" else field.kind
    if field.kind == "vector":
        if field.type == "ubyte":
            return bytes(r.randrange(256) for _ in range(r.randrange(8)))
        return tuple(_item(field, kind, r) for _ in range(r.randrange(7)))
    return _item(field, kind, r)


def _item(field: schema.Field, kind: str, r: random.Random) -> Any:
    if kind == "enum":
        return r.choice(schema.ENUMS[field.type].names)
    if kind == "string":
        return r.choice(["", "x"])
    if kind != "scalar":
        return None
    if field.type == "bool":
        return r.random() < 0.5
    return r.choice([0.0, -1.0, np.nan, np.inf]) if field.type in ("float", "double") else number(r)


def answers(name: str, seed: int) -> bool:
    op = drawn(name, random.Random(f"{name} {seed}"))
    try:
        return None not in (
            shapes.infer(op, [None if t is None else t.shape for t in op.inputs], values_of(op)) or [None]
        )
    except InputError:
        return False


def values_of(op: Op) -> Any:
    return lambda i: None if op.inputs[i] is None else op.inputs[i].data  # type: ignore[union-attr]


def is_shape(found: Any) -> bool:
    return found is None or (type(found) is tuple and all(type(d) is int and d >= 0 for d in found))
