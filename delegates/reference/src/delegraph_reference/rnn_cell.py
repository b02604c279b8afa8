"""RNN cells in float32: h = activation(W x + R h + b), and h is also what they put out.

Source: tflite/kernels/internal/kernel_utils.cc (RnnBatchStep).
"""

from __future__ import annotations

import numpy as np
from delegraph import Constraint, Op, frozen, needs, shape_text
from delegraph.rules import operand_shape, wrong_shape

from .recurrent import Arrays, activation, instants, product_with


@frozen
class RnnPlaces:
    """Where a cell's tensors stand among the inputs of its op."""

    weights: int = 1  # (units, depth)
    recurrent: int = 2  # (units, units)
    bias: int = 3  # (units,)
    state: int = 4  # (batch, units)
    aux_weights: int | None = None  # (units, depth of the auxiliary input)

    @property
    def constants(self) -> list[int]:
        """The inputs that are weights: all but the state."""
        aux = [] if self.aux_weights is None else [self.aux_weights]
        return [self.weights, self.recurrent, self.bias, *aux]


class RnnCell:
    """A cell with its weights, ready to take steps.

    :param inputs: the op's inputs; the weights among them are read
    """

    def __init__(self, op: Op, places: RnnPlaces, inputs: Arrays) -> None:
        self._activation = activation(op, places.weights)
        self._bias = inputs[places.bias]
        self._of_input = product_with(op, [places.weights], inputs)
        self._of_state = product_with(op, [places.recurrent], inputs)
        self._of_aux = None
        if places.aux_weights is not None and inputs[places.aux_weights] is not None:
            self._of_aux = product_with(op, [places.aux_weights], inputs)

    def run(
        self, x: np.ndarray, aux: np.ndarray | None, h: np.ndarray, backward: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the outputs (time, batch, units) and the state after the last step.

        :param x: (time, batch, depth)
        :param aux: another input, (time, batch, other depth)
        :param h: state, (batch, units)
        """
        sums = self._of_input(x.reshape(-1, x.shape[2]))
        sums = sums.reshape(*x.shape[:2], sums.shape[1])
        sums += self._bias
        if aux is not None and self._of_aux is not None:
            sums += self._of_aux(aux.reshape(-1, aux.shape[2])).reshape(sums.shape)
        outputs = np.empty_like(sums)
        for t in instants(len(x), backward):
            h = self._activation(sums[t] + self._of_state(h))
            outputs[t] = h
        return outputs, h


def fitting(places: RnnPlaces, batch_axis: int) -> Constraint:
    """Return the constraint on a cell's shapes; the batch is this axis of the op's first input."""

    @needs("weights, a bias and a state whose shapes fit the input's")
    def fitting_shapes(op: Op) -> str | None:
        x, weights = operand_shape(op, 0), operand_shape(op, places.weights)
        axis = 1 - batch_axis if op.options.get("time_major", False) else batch_axis
        if len(weights) != 2 or x[-1] != weights[1]:
            return f"shape {shape_text(x)} for weights of shape {shape_text(weights)}"
        units = weights[0]
        expected = {places.recurrent: (units, units), places.bias: (units,)}
        return wrong_shape(op, {**expected, places.state: (x[axis], units)})

    return fitting_shapes
