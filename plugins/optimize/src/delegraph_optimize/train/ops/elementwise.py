"""Ops that compute each value for itself, or from those of two tensors with numpy's broadcasting.

Source: tflite/kernels/{activations,elementwise,add,sub,mul,div,maximum_minimum,squared_difference}.cc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from delegraph import Op

from ..torch_extra import F, torch
from .common import activated

_LEAST_NORM = 1e-6
Formula = Callable[..., Any]


def _plain(formula: Formula) -> Formula:
    return lambda op, *values: formula(*values)


def _clamping(formula: Formula) -> Formula:
    return lambda op, *values: activated(op, formula(*values))


def prelu(op: Op, x: Any, alpha: Any) -> Any:
    return torch.where(x >= 0, x, x * alpha)


def gelu(op: Op, x: Any) -> Any:
    return F.gelu(x, approximate="tanh" if op.options.approximate else "none")


def softmax(op: Op, x: Any) -> Any:
    return torch.softmax(x * op.options.beta, -1)


def l2_normalization(op: Op, x: Any) -> Any:
    return F.normalize(x, dim=-1, eps=_LEAST_NORM)


def add_n(op: Op, *values: Any) -> Any:
    return sum(values[1:], values[0])


def cast(op: Op, x: Any) -> Any:
    return x.to(getattr(torch, op.outputs[0].dtype))


def select(op: Op, condition: Any, x: Any, y: Any) -> Any:
    if op.name == "SELECT" and condition.dim() == 1 and x.dim() > 1:
        condition = condition.reshape(-1, *(1,) * (x.dim() - 1))
    return torch.where(condition, x, y)


ROWS: dict[str, Formula] = {
    "ADD": _clamping(lambda x, y: x + y),
    "SUB": _clamping(lambda x, y: x - y),
    "MUL": _clamping(lambda x, y: x * y),
    "DIV": _clamping(lambda x, y: x / y),
    "MAXIMUM": _plain(lambda x, y: torch.maximum(x, y)),
    "MINIMUM": _plain(lambda x, y: torch.minimum(x, y)),
    "SQUARED_DIFFERENCE": _plain(lambda x, y: (x - y).square()),
    "POW": _plain(lambda x, y: torch.pow(x, y)),
    "ABS": _plain(lambda x: x.abs()),
    "COS": _plain(lambda x: x.cos()),
    "EXP": _plain(lambda x: x.exp()),
    "LOG": _plain(lambda x: x.log()),
    "NEG": _plain(lambda x: -x),
    "RSQRT": _plain(lambda x: x.rsqrt()),
    "SIN": _plain(lambda x: x.sin()),
    "SQRT": _plain(lambda x: x.sqrt()),
    "SQUARE": _plain(lambda x: x.square()),
    "RELU": _plain(lambda x: F.relu(x)),
    "RELU6": _plain(lambda x: F.relu6(x)),
    "RELU_N1_TO_1": _plain(lambda x: x.clamp(-1.0, 1.0)),
    "RELU_0_TO_1": _plain(lambda x: x.clamp(0.0, 1.0)),
    "LEAKY_RELU": lambda op, x: F.leaky_relu(x, op.options.alpha),
    "PRELU": prelu,
    "ELU": _plain(lambda x: F.elu(x)),
    "LOGISTIC": _plain(lambda x: torch.sigmoid(x)),
    "TANH": _plain(lambda x: torch.tanh(x)),
    "HARD_SWISH": _plain(lambda x: F.hardswish(x)),
    "GELU": gelu,
    "SOFTMAX": softmax,
    "LOG_SOFTMAX": _plain(lambda x: F.log_softmax(x, -1)),
    "L2_NORMALIZATION": l2_normalization,
    "ADD_N": add_n,
    "CAST": cast,
    "SELECT": select,
    "SELECT_V2": select,
    # which have no gradient
    "FLOOR": _plain(lambda x: x.floor()),
    "CEIL": _plain(lambda x: x.ceil()),
    "EQUAL": _plain(lambda x, y: x == y),
    "NOT_EQUAL": _plain(lambda x, y: x != y),
    "GREATER": _plain(lambda x, y: x > y),
    "GREATER_EQUAL": _plain(lambda x, y: x >= y),
    "LESS": _plain(lambda x, y: x < y),
    "LESS_EQUAL": _plain(lambda x, y: x <= y),
    "LOGICAL_NOT": _plain(lambda x: ~x),
    "LOGICAL_AND": _plain(lambda x, y: x & y),
    "LOGICAL_OR": _plain(lambda x, y: x | y),
    "ZEROS_LIKE": _plain(lambda x: torch.zeros_like(x)),
}
