"""A delegate for an imaginary NPU that adds, subtracts and multiplies in half precision."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from delegraph import (
    Delegate,
    Op,
    OpSupport,
    Partition,
    Run,
    float_range,
    fused_activation,
    hookimpl,
    needs,
    run_op_by_op,
)

DELEGRAPH_API = 1


@needs("at most 4 dimensions")
def four_dimensions(op: Op) -> str | None:
    rank = len(op.outputs[0].shape or ())
    return None if rank <= 4 else f"{rank} dimensions"


@needs("no fused activation, RELU or RELU6")
def clipping_activation(op: Op) -> str | None:
    activation = fused_activation(op)
    return None if activation in ("NONE", "RELU", "RELU6") else activation


def row(name: str, formula: np.ufunc) -> OpSupport:
    """Return the claim that the NPU runs an op within these limits, as exactly as this."""
    return OpSupport(
        name,
        versions=(1, 3),
        types="float32 float32 -> float32",
        constraints=(four_dimensions, clipping_activation),
        kernel=formula,
        rtol=2e-3,  # 11 bits are kept: operands and result are off by up to 2**-11
    )


ROWS = [row("ADD", np.add), row("MUL", np.multiply), row("SUB", np.subtract)]


def prepare(op: Op, formula: np.ufunc) -> Callable[..., tuple[np.ndarray]]:
    """Do what can be done once; return what each run does with the op's operands."""
    low, high = float_range(op)  # of the fused activation

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        with np.errstate(all="ignore"):  # as in hardware: too large is infinite
            result = formula(x.astype(np.float16), y.astype(np.float16))
        return (np.clip(result, low, high).astype(np.float32),)

    return run


class HalfNPU(Delegate):
    """Runs its partitions op by op."""

    name = "halfnpu"

    def prepare(self, partition: Partition) -> Run:
        return run_op_by_op(partition, lambda op: prepare(op, partition.rows[op.index].kernel))


@hookimpl
def delegraph_delegates() -> list[type[Delegate]]:
    return [HalfNPU]


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    return ROWS if delegate.name == "halfnpu" else ()
