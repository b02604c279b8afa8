"""What kernels with weights share: preparing them once, their scales, what they need, and how sums end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from delegraph import (
    Op,
    Tensor,
    needs,
    quantize_multipliers,
    stored_range,
)
from delegraph.rules import (
    operand,
    scales_found,
    scales_of,
)

from .elementwise import finite_range, keeping_within, kept_within, quietly
from .kernel import Finish, Kernel
from .products import largest_magnitude, largest_sums, within
from .sparse import dense

if TYPE_CHECKING:
    from .requantize import Requantizer

Apply = Callable[[np.ndarray], np.ndarray]
# arithmetic(op, integers, bias) -> weights, finish: how sums of integers become an output. The op's inputs
# are x, weights and bias; the integers (..., depth, columns); the weights are what x is multiplied with, in
# a float type that holds every sum, and finish(sums, out) ends the sums.
Arithmetic = Callable[[Op, np.ndarray, "np.ndarray | None"], "tuple[np.ndarray, Finish]"]


def with_weights(op: Op, make: Callable[..., Apply]) -> Kernel:
    """Return a kernel from ``make(weights, bias) -> apply(x)``: inputs 1, 2 and 0 of the op.

    ``make`` runs once if weights and bias are constants, else in every run; the bias is flat, an absent one
    None.
    """
    weights = (operand(op, 1), op.inputs[2] if len(op.inputs) > 2 else None)
    if all(t is None or t.is_constant for t in weights):
        apply = make(stored_weights(op), flat(None if weights[1] is None else weights[1].data))
        return quietly(lambda x, *_: (apply(x),))
    return quietly(lambda x, stored, bias=None: (make(stored, flat(bias))(x),))


def flat(bias: np.ndarray | None) -> np.ndarray | None:
    """Return a bias as a vector, whatever its shape is."""
    return None if bias is None else bias.reshape(-1)


def stored_weights(op: Op) -> np.ndarray:
    """Return the constant weights, dense."""
    weights = operand(op, 1)
    assert weights.data is not None
    return weights.data if weights.sparsity is None else dense(weights)


def weight_scales(op: Op, channels: int) -> np.ndarray:
    """Return the weights' scales, float32, one for each of ``channels``."""
    return np.broadcast_to(scales_of(operand(op, 1)), (channels,))


def centered(stored: np.ndarray, weights: Tensor) -> np.ndarray:
    """Return stored weights less their zero point, which only a scale for the whole tensor has."""
    offset = 0 if len(scales_of(weights)) > 1 else weights.zero_point
    return np.asarray(np.subtract(stored, offset, dtype=np.int32)) if offset else stored


def sum_scales(op: Op, channels: int) -> np.ndarray:
    """Return what a unit of an op's sums is in steps of its output, float64, one for each channel."""
    scales = weight_scales(op, channels).astype(np.float64)
    return np.asarray(scales * operand(op, 0).scale / op.outputs[0].scale)


def single_scale(op: Op) -> float:
    """The same for weights of one scale in TFLite's older kernels: input times weights in float32."""
    x, weights = operand(op, 0), operand(op, 1)
    return float(np.float32(x.scale) * np.float32(weights.scale)) / op.outputs[0].scale


def requantizer(
    op: Op, weights: np.ndarray, bias: np.ndarray | None, scales: np.ndarray, largest: np.ndarray
) -> Requantizer:
    """Return what rounds sums of stored inputs times weights to the op's output.

    The input's zero point is taken off here, together with the bias.

    :param weights: integers (..., depth, columns), less their zero point; columns of all groups in order
    :param scales: of a unit of the sums, in steps of the output; float64, one for each column
    :param largest: what no sum of a column can exceed
    """
    from .requantize import Requantizer  # models of floats do without

    out = op.outputs[0]
    multipliers, shifts = quantize_multipliers(scales)
    offset = sum_offset(op, weights, bias)
    return Requantizer(multipliers, shifts, offset, largest.reshape(-1), out.zero_point, stored_range(op))


def twice_rounded(op: Op, integers: np.ndarray, bias: np.ndarray | None) -> tuple[np.ndarray, Finish]:
    """The arithmetic of 8-bit convolutions (MultiplyByQuantizedMultiplier)."""
    x = operand(op, 0)
    n = integers.size // integers.shape[-2]
    scales = np.full(n, single_scale(op)) if x.dtype == "uint8" else sum_scales(op, n)
    largest = largest_sums(integers, largest_magnitude(x.dtype))
    return within(integers, largest), requantizer(op, integers, bias, scales, largest)


def sum_offset(op: Op, weights: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """Return what sums of stored inputs lack: the bias, less the input's zero point under the weights."""
    offset = weights.sum(axis=-2, dtype=np.int64).reshape(-1) * -operand(op, 0).zero_point
    return np.asarray(offset if bias is None else offset + bias.reshape(-1))


class FloatFinish:
    """Adds the bias to float sums and limits them to the fused activation's range, which is finite.

    :param factors: what the sums are multiplied with first, one after the other: float32, one for each
        column or one for all
    """

    def __init__(self, op: Op, bias: np.ndarray | None, *factors: np.ndarray) -> None:
        self._bias = None if bias is None else bias.reshape(-1)
        self._range = finite_range(op)
        self._limit = keeping_within(*self._range)
        self._factors = factors

    def __call__(self, sums: np.ndarray, out: np.ndarray) -> None:
        """Write what becomes of sums (n, columns) to ``out``, which may be the same array."""
        for factor in self._factors:
            sums = np.multiply(sums, factor, out=out, casting="same_kind")
        if self._bias is not None:
            sums = np.add(sums, self._bias, out=out)
        if sums is out:
            self._limit(out)
        else:
            kept_within(sums, *self._range, out=out)


@needs("one scale on input and output, and scales on the weights")
def scaled(op: Op) -> str | None:
    """LiteRT divides by them."""
    x, weights, out = operand(op, 0), operand(op, 1), op.outputs[0]
    for t in (x, out):
        if len(scales_of(t)) != 1 or not 0 < t.scale < np.inf:
            return f"{scales_found(t)} on {t.name!r}"
    return None if len(scales_of(weights)) else f"{scales_found(weights)} on {weights.name!r}"
