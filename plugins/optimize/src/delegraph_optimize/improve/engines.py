"""The delegates that try and correct a quantized model, beside one that rounds means as LiteRT does.

BUILTIN_REF, and the reference delegate with it, rounds the mean of integers twice, which adds up to a
quarter of a step on the average; LiteRT's default kernels round it once. Biases that make up for that
quarter, in the variances of a normalization, would be off in LiteRT.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import (
    Delegate,
    Op,
    OpSupport,
    Partition,
    Run,
    SupportTable,
    load_delegate,
    needs,
    run_op_by_op,
)
from delegraph.rules import operand, scaled

Engines = Sequence[Delegate]


def engines_of(engine: str | Delegate, target: Sequence[Delegate] | None = None) -> Engines:
    """Return an engine, behind it the reference delegate; before it the means of LiteRT.

    :param target: the delegates that will run the model; None: LiteRT. Of those, the reference delegate has
        means of its own.
    """
    first = load_delegate(engine) if isinstance(engine, str) else engine
    behind = [] if first.name == "reference" else [load_delegate("reference")]
    is_off = first.name != "litert" and all(d.name != "reference" for d in target or ())
    return [*([MeanRoundedOnce()] if is_off else []), first, *behind]


@needs("a scale on input and output")
def _quantized(op: Op) -> str | None:
    return None if scaled(operand(op, 0)) and scaled(op.outputs[0]) else "a tensor without a scale"


class MeanRoundedOnce(Delegate):
    """MEAN of integers: scale_in / scale_out · mean(stored - zero_point), rounded once."""

    name = "mean"

    def __init__(self) -> None:
        super().__init__()
        row = OpSupport("MEAN", (1, 3), "T int32 -> T", constraints=[_quantized], T="int8 uint8")
        self.table = SupportTable(self.name, [row])

    def prepare(self, partition: Partition) -> Run:
        return run_op_by_op(partition, _prepared)


def _prepared(op: Op) -> _Mean:
    return _Mean(op)


class _Mean:
    def __init__(self, op: Op) -> None:
        x, y = operand(op, 0), op.outputs[0]
        self._scale, self._keeps = x.scale / y.scale, bool(op.options.keep_dims)
        self._points, self._type = (x.zero_point, y.zero_point), np.dtype(y.dtype)

    def __call__(self, x: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray]:
        of = tuple({int(axis) % x.ndim for axis in np.ravel(axes)})
        means = x.mean(axis=of, dtype=np.float64, keepdims=self._keeps) - self._points[0]
        limits = np.iinfo(self._type)
        stored = np.clip(np.rint(means * self._scale) + self._points[1], limits.min, limits.max)
        return (np.asarray(stored, self._type),)
