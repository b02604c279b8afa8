"""What an op's operands are, and the constraints that ask no more than that they are there and constant."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..contract import Constraint, needs
from ..errors import InputError
from ..model import Op, Tensor
from ..text import shape_text


def operand(op: Op, index: int) -> Tensor:
    """Return an input that the op always has."""
    tensor = op.inputs[index]
    assert tensor is not None
    return tensor


def given(op: Op, index: int) -> Tensor | None:
    """Return an input that may be left out."""
    return op.inputs[index] if index < len(op.inputs) else None


def shape_of(tensor: Tensor | None) -> tuple[int, ...]:
    """Return the shape of an operand, which is known whenever a kernel is prepared."""
    assert tensor is not None
    assert tensor.shape is not None
    return tensor.shape


def operand_shape(op: Op, index: int = 0) -> tuple[int, ...]:
    """Return the shape of an input that the op always has."""
    return shape_of(op.inputs[index])


def matrix_shape(op: Op, index: int) -> tuple[int, int]:
    """Return the shape of an input that the op always has, and that is a matrix.

    :raises InputError: it has another rank; in a constraint, that is its reason.
    """
    shape = operand_shape(op, index)
    if len(shape) != 2:
        raise InputError(f"weights of shape {shape_text(shape)} as input {index}")
    return shape[0], shape[1]


def scales_of(tensor: Tensor) -> np.ndarray:
    """Return a tensor's scales, float32; an empty array if it has none."""
    return np.empty(0, np.float32) if tensor.quantization is None else tensor.quantization.scale


def constant(what: str, *indices: int) -> Constraint:
    """Return the constraint that inputs are known before the run, where they are given."""

    @needs(f"constant {what}")
    def found(op: Op) -> str | None:
        for i in indices:
            t = given(op, i)
            if t is not None and not t.is_constant:
                return f"input {i} {t.name!r} that is computed"
        return None

    return found


@needs("dense weights")
def dense(op: Op) -> str | None:
    return next((f"{t.name!r} sparse" for t in op.inputs if t is not None and t.sparsity is not None), None)


@needs("a rank of at least 1")
def has_an_axis(op: Op) -> str | None:
    return None if operand(op, 0).shape else "a scalar"


@needs("operands of one shape")
def same_shape(op: Op) -> str | None:
    shapes = [t.shape for t in op.inputs if t is not None]
    return None if len(set(shapes)) == 1 else " and ".join(map(shape_text, shapes))


def wrong_shape(op: Op, expected: Mapping[int, tuple[int, ...]]) -> str | None:
    """Return in words the first input that is there and has another shape than expected, or None."""
    for i, shape in expected.items():
        t = given(op, i)
        if t is not None and t.shape != shape:
            return f"shape {shape_text(t.shape)} for {t.name!r}, where {shape_text(shape)} fits"
    return None
