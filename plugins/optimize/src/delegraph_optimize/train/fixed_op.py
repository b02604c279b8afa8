"""Ops that are not trained: the reference delegate computes them, and no gradient goes through them.

What IF, WHILE and the like call has the integers that it has in the file.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from delegraph import Interpreter, Model, Op, Tensor, called_subgraphs

from ..bounds import limits
from .ops import ROWS
from .torch_extra import torch


def why_fixed(op: Op, model: Model) -> str:
    """Return why an op has no gradient here; "" if it has."""
    called = called_by(op, model)
    if called:
        names = ", ".join(dict.fromkeys(o.name for i in sorted(called) for o in model.subgraphs[i].ops))
        return f"it calls other subgraphs, whose ops stay as they are ({names or 'none'})"
    if op.name not in ROWS:
        return "its derivative is not known here"
    if op.options.get("fused_activation_function", "NONE") == "SIGN_BIT":
        return "its fused activation SIGN_BIT has no gradient"
    if op.options.get("weights_format", "DEFAULT") != "DEFAULT":
        return "its weights are shuffled"
    if any(t is not None and t.sparsity is not None for t in op.inputs):
        return "its constants are sparse"
    odd = [t.dtype for t in (*op.inputs, *op.outputs) if t is not None and t.dtype not in _TYPES]
    return f"its operands are {odd[0]}" if odd else ""


def called_by(op: Op, model: Model) -> set[int]:
    """Return the subgraphs that an op calls, and those that these call."""
    found: set[int] = set()
    left = set(called_subgraphs(op))
    while left:
        found |= left
        inside = (o for i in left for o in model.subgraphs[i].ops)
        left = {i for o in inside for i in called_subgraphs(o)} - found
    return found


def counts(op: Op) -> bool:
    """Say whether an op computes with whole numbers alone, in a way that a row for floats does not know."""
    return op.name in _OF_FLOATS and all(
        t is None or t.dtype != "float32" for t in (*op.inputs, *op.outputs)
    )


_TYPES = ("float32", "int32", "int64", "bool")
_OF_FLOATS = frozenset(
    ("DIV", "MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN", "POW", "ARG_MAX", "ARG_MIN")
)


class FixedOp:
    """Computes an op as the reference delegate does, a sample at a time, each from the first state.

    :param stored: the model with integers: what the op calls is of it where ``is_quantized``
    """

    def __init__(self, op: Op, model: Model, place: int, stored: Model | None = None) -> None:
        given = {t.index: t for t in op.inputs if t is not None and not t.is_constant and not t.is_variable}
        self._inputs: tuple[Tensor, ...] = tuple(given.values())
        self._outputs = [t.index for t in op.outputs]
        self._models = {False: _of_one_op(model, place, op, self._inputs, model)}
        if stored is not None and called_subgraphs(op):
            self._models[True] = _of_one_op(model, place, op, self._inputs, stored)
        self._interpreters: dict[bool, Interpreter] = {}
        self.is_quantized = False

    def __call__(self, op: Op, *values: Any) -> Any:
        by_index = {t.index: v for t, v in zip(op.inputs, values, strict=True) if t is not None}
        given = [np.array(by_index[t.index].detach().numpy(), order="C") for t in self._inputs]
        many = max((_times(a, t) for a, t in zip(given, self._inputs, strict=True)), default=1)
        found = [
            self._computed([_part(a, t, i) for a, t in zip(given, self._inputs, strict=True)])
            for i in range(many)
        ]
        joined = (np.concatenate(parts) if many > 1 else parts[0] for parts in zip(*found, strict=True))
        return tuple(map(torch.from_numpy, joined))

    def _computed(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        interpreter = self._interpreter()
        interpreter.reset_all_variables()
        for tensor, array in zip(self._inputs, arrays, strict=True):
            interpreter.set_tensor(tensor.index, array)
        interpreter.invoke()
        return [np.array(interpreter.get_tensor(i)) for i in self._outputs]

    def _interpreter(self) -> Interpreter:
        kind = self.is_quantized and True in self._models
        if kind not in self._interpreters:
            self._interpreters[kind] = Interpreter(
                model=self._models[kind], delegates=["reference"], **limits()
            )
            self._interpreters[kind].allocate_tensors()
        return self._interpreters[kind]


def _of_one_op(model: Model, place: int, op: Op, inputs: tuple[Tensor, ...], called: Model) -> Model:
    """Return a model of one op of another, and of all that it calls in a model."""
    graph = attrs.evolve(model.subgraphs[place], ops=(op,), inputs=inputs, outputs=op.outputs)
    graphs = tuple(graph if i == place else g for i, g in enumerate(called.subgraphs))
    return attrs.evolve(called, subgraphs=graphs, signatures=())


def _times(array: np.ndarray, tensor: Tensor) -> int:
    return array.size // tensor.size if tensor.size else 1


def _part(array: np.ndarray, tensor: Tensor, number: int) -> np.ndarray:
    """Return one sample's values of a batch."""
    if _times(array, tensor) == 1 or not tensor.shape:
        return array
    rows = tensor.shape[0]
    return array[number * rows : (number + 1) * rows]
