"""Models of one op whose options, or values that say sizes and places, are large: believing them costs.

``cases(op, table)`` yields them for every row: each option and each integer of a constant at a large
number, several options at once, and the same values given to a run instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import misshapen
import misshapen_cases
import numpy as np
from attrs import evolve, frozen
from delegraph import Builder, Model, Op
from delegraph.contract import SupportTable
from delegraph.model import schema

NUMBERS = (1 << 12, 1 << 16, 1 << 20, 1 << 24, 1 << 28, 2**31 - 1)
_TOGETHER = ("", "dilation", "stride", "window", "dim", "pad")  # in the names of options


@frozen(eq=False)
class Case:
    """A model, and the values of its inputs."""

    change: str
    model: Model
    arrays: list[np.ndarray]


def cases(op: str, table: SupportTable) -> Iterator[Case]:
    """Yield the models of an op, for each row of a table."""
    seen = set()
    for types, draft in misshapen_cases._drafts(op, table):
        model = draft.model()
        here = draft.op_of(model.subgraphs[0])
        row = table.row_for(here, model.subgraphs[0])
        if id(row) not in seen:
            seen.add(id(row))
            for change, changed, given in _changes(model, here):
                yield Case(f"{op} {types}, {change}", changed, [*draft.feeds, *given])


def _changes(model: Model, op: Op) -> Iterator[tuple[str, Model, list[np.ndarray]]]:
    """Yield what was changed, the model, and the values of inputs that it has besides."""
    with patch.multiple(misshapen, NUMBERS=NUMBERS, LONGS=(1 << 40,), REALS=(1e9,)):
        for i, tensor in enumerate(op.inputs):
            for change, changed in () if tensor is None else misshapen._renumbered(model, i, tensor):
                yield change, changed, []
                yield _given_to_a_run(change, changed, tensor.index)
        for change, changed in misshapen._with_other_options(model, op):
            yield change, changed, []
    yield from _together(model, op)


def _given_to_a_run(change: str, model: Model, index: int) -> tuple[str, Model, list[np.ndarray]]:
    """Return a case in which a constant is an input."""
    tensor = model.subgraphs[0].tensors[index]
    open_ = misshapen._with_tensor(misshapen._entered(model, tensor), evolve(tensor, data=None, buffer=0))
    return f"{change}, while running", open_, [tensor.data]


def _together(model: Model, op: Op) -> Iterator[tuple[str, Model, list[np.ndarray]]]:
    fields = [f.name for f in schema.TABLES[op.options.table] if _is_number(f)]
    for word in _TOGETHER:
        names = [name for name in fields if word in name]
        for number in NUMBERS if len(names) > 1 else ():
            changes = {name: _large(op.options.get(name), number) for name in names}
            changed = misshapen.with_op(model, evolve(op, options=op.options.replace(**changes)))
            yield f"{', '.join(names)} = {number}", changed, []


def _is_number(field: schema.Field) -> bool:
    return field.kind in ("scalar", "vector") and field.type in ("int", "long", "uint", "ulong", "short")


def _large(value: object, number: int) -> object:
    return (number,) * len(value) if isinstance(value, (tuple, np.ndarray)) else number


def of_windows() -> Iterator[Case]:
    """Yield reductions and convolutions of StableHLO that pass over most of what they make."""
    for number in NUMBERS:
        for names in _OF_REDUCTIONS:
            yield Case(
                f"{' '.join(names)} {number}", _reduction(number, names), [np.ones((3, 4), np.float32)]
            )
        for names in _OF_CONVOLUTIONS:
            x = np.ones((1, 4, 4, 2), np.float32)
            yield Case(f"{' '.join(names)} {number}", _convolution(number, names), [x])


def _reduction(number: int, names: tuple[str, ...]) -> Model:
    g = Builder()
    x, zero = g.input((3, 4), "float32"), g.constant(np.float32(0))
    body = g.subgraph("body")
    pair = body.input((), "float32"), body.input((), "float32")
    body.returns(body.op("ADD", pair, [body.tensor((), "float32")]))
    options = dict.fromkeys(("window_dimensions", "window_strides", "base_dilations"), (1, 1))
    options |= {"window_dilations": (1, 1), "padding": (0,) * 4, "body_subgraph_index": 1}
    options |= {name: (number,) * len(options[name]) for name in names}
    return g.model(
        outputs=[g.op("STABLEHLO_REDUCE_WINDOW", [x, zero], [g.tensor((1, 1), "float32")], **options)]
    )


def _convolution(number: int, names: tuple[str, ...]) -> Model:
    g = Builder()
    x, w = g.input((1, 4, 4, 2), "float32"), g.constant(np.ones((3, 3, 2, 2), np.float32))
    options = dict.fromkeys(("window_strides", "lhs_dilation", "rhs_dilation"), (1, 1))
    options["padding"] = (0,) * 4
    options |= {name: (number,) * len(options[name]) for name in names}
    y = g.op("STABLEHLO_CONVOLUTION", [x, w], [g.tensor((1, 1, 1, 2), "float32")], **options, **_AXES)
    return g.model(outputs=[y])


_OF_REDUCTIONS = (
    ("base_dilations", "window_strides"),
    ("base_dilations", "window_dimensions"),
    ("window_dilations", "padding"),
    ("padding", "window_dimensions"),
    ("padding", "window_strides"),
    ("base_dilations", "window_strides", "padding"),
)
_OF_CONVOLUTIONS = (
    ("lhs_dilation", "window_strides"),
    ("lhs_dilation", "rhs_dilation"),
    ("padding", "window_strides"),
    ("padding", "rhs_dilation"),
)
_AXES = {
    "input_batch_dimension": 0,
    "input_feature_dimension": 3,
    "input_spatial_dimensions": (1, 2),
    "kernel_input_feature_dimension": 2,
    "kernel_output_feature_dimension": 3,
    "kernel_spatial_dimensions": (0, 1),
    "output_batch_dimension": 0,
    "output_feature_dimension": 3,
    "output_spatial_dimensions": (1, 2),
    "feature_group_count": 1,
    "batch_group_count": 1,
}
