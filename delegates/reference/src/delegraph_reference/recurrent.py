"""What LSTM, RNN and SVDF kernels share: products with weights, activations, the order of time, state.

Weights are float, or integers whose input is quantized row by row while running (hybrid).

Source: tflite/kernels/internal/tensor_utils_common.h (ApplyActivationToVector), lstm_eval.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from delegraph import Op
from delegraph.rules import given, operand

from . import approximations, transcendental
from .elementwise import quietly
from .hybrid import LARGEST, quantized_rows, signed
from .kernel import Kernel
from .products import exact_weights

Arrays = Sequence[Any]  # an op's inputs while running: arrays, None for absent ones
RowFunction = Callable[[np.ndarray], np.ndarray]  # rows (n, depth) -> (n, columns), both float32
INTEGER_WEIGHTS = ("int8", "uint8")


def made_of(op: Op, weights: Sequence[int], make: Callable[[Arrays], Any]) -> Callable[[Arrays], Any]:
    """Return a function that gives ``make(inputs)``; it is made only once if the weights are constants.

    :param weights: indices of the inputs that ``make`` looks at
    """
    present = [t for i in weights if i < len(op.inputs) and (t := op.inputs[i]) is not None]
    if any(not t.is_constant for t in present):
        return make
    constants = [None if t is None or not t.is_constant else t.data for t in op.inputs]
    made = make(padded(constants, max(weights) + 1))
    return lambda _: made


def product_with(op: Op, indices: Sequence[int], inputs: Arrays) -> RowFunction:
    """Return the product of rows and all these weights (units, depth), side by side."""
    weights = [inputs[i] for i in indices]
    if not has_integers(op, indices[0]):
        matrix = np.ascontiguousarray(np.concatenate(weights).T)
        return lambda rows: np.matmul(rows, matrix)
    return _hybrid_product(
        [signed(w) for w in weights],
        [operand(op, i).scale for i in indices],
        bool(op.options.asymmetric_quantize_inputs),
    )


def _hybrid_product(weights: list[np.ndarray], scales: list[float], asymmetric: bool) -> RowFunction:
    matrix = exact_weights(np.concatenate(weights).T, LARGEST)
    factors = np.repeat(np.array(scales, np.float32), [len(w) for w in weights])

    def product(rows: np.ndarray) -> np.ndarray:
        values, steps = quantized_rows(rows, asymmetric)
        sums = values.astype(matrix.dtype, copy=False) @ matrix
        scales = steps[:, None] * factors
        return np.asarray(np.multiply(sums, scales, dtype=np.float32, casting="same_kind"))

    return product


def has_integers(op: Op, index: int) -> bool:
    """Say whether weights are integers."""
    return operand(op, index).dtype in INTEGER_WEIGHTS


def activation(op: Op, index: int) -> RowFunction:
    """Return the op's activation; what goes to integer weights again is as LiteRT approximates it.

    :param index: of weights, whose type decides
    """
    name = op.options.fused_activation_function
    if name == "TANH" and has_integers(op, index):
        return approximations.tanh
    return CURVES[name]


def logistic_for(op: Op, index: int) -> RowFunction:
    """Return the logistic function, likewise."""
    return approximations.logistic if has_integers(op, index) else transcendental.logistic


def time_first(x: np.ndarray, time_major: bool) -> np.ndarray:
    """Return a sequence as (time, batch, depth), or back again."""
    return x if time_major else x.swapaxes(0, 1)


def instants(steps: int, backward: bool) -> range:
    """Return the indices of the steps in the order in which they are taken."""
    return range(steps - 1, -1, -1) if backward else range(steps)


def contiguous(run: Kernel) -> Kernel:
    """Let a kernel return arrays whose elements lie in order, as the next op may want them."""
    return quietly(lambda *inputs: tuple(np.ascontiguousarray(y) for y in run(*inputs)))


def padded(inputs: Sequence[Any], count: int) -> list[Any]:
    """Return an op's inputs, with None for those at the end that the file leaves out."""
    return [*inputs, *[None] * (count - len(inputs))]


def wrong_size(op: Op, expected: dict[int, int]) -> str | None:
    """The same for numbers of elements."""
    for i, size in expected.items():
        t = given(op, i)
        if t is not None and t.size != size:
            return f"{t.size} elements in {t.name!r}, where {size} fit"
    return None


def _identity(x: np.ndarray) -> np.ndarray:
    return x


def _at_least(low: float, high: float) -> RowFunction:
    """Return std::max(low, std::min(x, high)): NaN becomes low, and -0.0 becomes 0.0 if low is 0."""
    first, last = np.float32(low), np.float32(high)

    def curve(x: np.ndarray) -> np.ndarray:
        y = np.fmax(np.minimum(x, last), first)
        return np.asarray(y + first if low == 0 else y)

    return curve


def _sign_bit(x: np.ndarray) -> np.ndarray:
    return np.signbit(x).astype(np.float32)  # type: ignore[no-any-return]


CURVES: dict[str, RowFunction] = {
    "NONE": _identity,
    "RELU": _at_least(0, np.inf),
    "RELU_N1_TO_1": _at_least(-1, 1),
    "RELU6": _at_least(0, 6),
    "TANH": transcendental.tanh,
    "SIGN_BIT": _sign_bit,
}
