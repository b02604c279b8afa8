"""Ops that are not trained: the reference delegate computes them, and no gradient goes through them."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from delegraph import Interpreter, Model, Op, Tensor, called_subgraphs

from .ops import ROWS
from .torch_extra import torch


def why_fixed(op: Op) -> str:
    """Return why an op has no gradient here; "" if it has."""
    if called_subgraphs(op):
        return "it calls other subgraphs"
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
    """Computes an op as the reference delegate does, a sample at a time, each from the first state."""

    def __init__(self, op: Op, model: Model, place: int) -> None:
        given = {t.index: t for t in op.inputs if t is not None and not t.is_constant and not t.is_variable}
        self._inputs: tuple[Tensor, ...] = tuple(given.values())
        self._outputs = [t.index for t in op.outputs]
        self._model = _of_one_op(model, place, op, self._inputs)
        self._interpreter: Interpreter | None = None

    def __call__(self, op: Op, *values: Any) -> Any:
        by_index = {t.index: v for t, v in zip(op.inputs, values, strict=True) if t is not None}
        given = [np.ascontiguousarray(by_index[t.index].detach().numpy()) for t in self._inputs]
        many = max((_times(a, t) for a, t in zip(given, self._inputs, strict=True)), default=1)
        found = [
            self._computed([_part(a, t, i) for a, t in zip(given, self._inputs, strict=True)])
            for i in range(many)
        ]
        joined = (np.concatenate(parts) if many > 1 else parts[0] for parts in zip(*found, strict=True))
        return tuple(map(torch.from_numpy, joined))

    def _computed(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        if self._interpreter is None:
            self._interpreter = Interpreter(model=self._model, delegates=["reference"])
            self._interpreter.allocate_tensors()
        self._interpreter.reset_all_variables()
        for tensor, array in zip(self._inputs, arrays, strict=True):
            self._interpreter.set_tensor(tensor.index, array)
        self._interpreter.invoke()
        return [np.array(self._interpreter.get_tensor(i)) for i in self._outputs]


def _of_one_op(model: Model, place: int, op: Op, inputs: tuple[Tensor, ...]) -> Model:
    """Return a model of one op of another, and of all that it calls."""
    graph = attrs.evolve(model.subgraphs[place], ops=(op,), inputs=inputs, outputs=op.outputs)
    graphs = tuple(graph if i == place else g for i, g in enumerate(model.subgraphs))
    return attrs.evolve(model, subgraphs=graphs, signatures=())


def _times(array: np.ndarray, tensor: Tensor) -> int:
    return array.size // tensor.size if tensor.size else 1


def _part(array: np.ndarray, tensor: Tensor, number: int) -> np.ndarray:
    """Return one sample's values of a batch."""
    if _times(array, tensor) == 1 or not tensor.shape:
        return array
    rows = tensor.shape[0]
    return array[number * rows : (number + 1) * rows]
