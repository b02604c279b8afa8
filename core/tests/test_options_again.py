"""What one op has as options, ``Builder.op(name, ..., **dict(op.options))`` gives another: of every op."""

from __future__ import annotations

import random
from typing import Any

import pytest
from delegraph import OPERATORS, Op, read_model, write_model
from delegraph.model import Builder, schema


@pytest.mark.parametrize("name", sorted(set(OPERATORS) - {"CUSTOM", "PLACEHOLDER_FOR_GREATER_OP_CODES"}))
def test_options_of_an_op_make_an_op_with_the_same(name: str):
    for seed in range(3):
        before = written(name, random_options(name, random.Random(f"{name} {seed}")))
        again = written(before.name, dict(before.options))
        assert (again.name, again.version, again.options) == (before.name, before.version, before.options)


def written(name: str, options: dict[str, Any]) -> Op:
    """Return an op as it reads from a file."""
    g = Builder()
    for i in range(3):  # as many subgraphs as options may name
        body = g.subgraph(f"body {i}")
        body.op("ABS", [body.input((1,), "float32")], [body.tensor((1,), "float32")])
    g.op(name, [g.input((1,), "float32")], [g.tensor((1,), "float32")], **options)
    return read_model(write_model(g.model())).subgraphs[0].ops[0]


def random_options(name: str, draw: random.Random) -> dict[str, Any]:
    """Return values for most of the fields that a table of options has; the rest are its defaults."""
    fields = schema.TABLES[schema.options_of(name)]
    return {f.name: random_value(f, draw) for f in fields if draw.random() < 0.8 or "subgraph" in f.name}


def random_value(field: schema.Field, draw: random.Random) -> Any:
    if field.kind != "vector":
        return random_item(field, field.kind, draw)
    if field.default is None and draw.random() < 0.3:
        return None
    values = [random_item(field, field.item, draw) for _ in range(draw.randrange(4))]
    return bytes(values) if field.type == "ubyte" else tuple(values)


def random_item(field: schema.Field, kind: str, draw: random.Random) -> Any:
    if "subgraph" in field.name or field.name == "called_computations":
        return draw.randrange(1, 4)
    if kind == "enum":
        return draw.choice(schema.ENUMS[field.type].names)
    if kind == "string":
        return draw.choice(("", "a", "b.c", "ü\n", "x:y"))
    if field.type == "float":
        return draw.choice((0.1, -1.5, float("inf"), float("nan")))
    return draw.random() < 0.5 if field.type == "bool" else draw.randrange(128)
