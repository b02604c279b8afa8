"""Reductions along axes.

Source: tflite/kernels/reduce.cc; arg_min_max.cc.
"""

from __future__ import annotations

from typing import Any

from delegraph import Op

from ..torch_extra import torch
from .common import ints


def mean(op: Op, x: Any, axes: Any) -> Any:
    return x.mean(_axes(x, axes), op.options.keep_dims) if len(_axes(x, axes)) else x


def total(op: Op, x: Any, axes: Any) -> Any:
    return x.sum(_axes(x, axes), op.options.keep_dims) if len(_axes(x, axes)) else x


def highest(op: Op, x: Any, axes: Any) -> Any:
    return x.amax(_axes(x, axes), op.options.keep_dims) if len(_axes(x, axes)) else x


def lowest(op: Op, x: Any, axes: Any) -> Any:
    return x.amin(_axes(x, axes), op.options.keep_dims) if len(_axes(x, axes)) else x


def product(op: Op, x: Any, axes: Any) -> Any:
    for axis in sorted(_axes(x, axes), reverse=True):
        x = x.prod(axis, op.options.keep_dims)
    return x


def _axes(x: Any, axes: Any) -> list[int]:
    return sorted({axis % x.dim() for axis in ints(axes)}) if x.dim() else []


def arg_max(op: Op, x: Any, axis: Any) -> Any:
    return _arg(op, torch.argmax(x, ints(axis)[0]))


def arg_min(op: Op, x: Any, axis: Any) -> Any:
    return _arg(op, torch.argmin(x, ints(axis)[0]))


def _arg(op: Op, found: Any) -> Any:
    return found.to(getattr(torch, op.outputs[0].dtype))


ROWS = {
    "MEAN": mean,
    "SUM": total,
    "REDUCE_MAX": highest,
    "REDUCE_MIN": lowest,
    "REDUCE_PROD": product,
    "ARG_MAX": arg_max,
    "ARG_MIN": arg_min,
}
