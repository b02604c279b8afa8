"""A model set up in an interpreter for given inputs: prepared once, run as often as wanted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..run import Interface, Interpreter


class PreparedModel:
    """What is run of an interpreter's model, with values for its inputs.

    :param inputs: an array for each input, by name, as :func:`delegraph.inputs.read_inputs` gives them.
    """

    def __init__(
        self, interpreter: Interpreter, interface: Interface, inputs: Mapping[str, np.ndarray]
    ) -> None:
        self.interpreter = interpreter
        self.interface = interface
        self.inputs = inputs
        self._outputs: dict[str, np.ndarray] = {}

    def prepare(self) -> None:
        """Plan and prepare the model for the inputs' shapes.

        A subgraph other than the main one is reached by its signature alone: the first run prepares it.
        """
        if self.interface.subgraph == 0:
            for a in self.interface.inputs:
                self.interpreter.resize_tensor_input(a.tensor.index, self.inputs[a.name].shape)
            self.interpreter.allocate_tensors()
            for a in self.interface.inputs:
                self.interpreter.set_tensor(a.tensor.index, self.inputs[a.name])

    def invoke(self) -> None:
        """Run the model once."""
        if self.interface.subgraph == 0:
            self.interpreter.invoke()
        else:
            runner = self.interpreter.get_signature_runner(self.interface.signature)
            self._outputs = runner(**self.inputs)

    def outputs(self) -> dict[str, np.ndarray]:
        """Return what the last run gave, by name."""
        if self.interface.subgraph == 0:
            return {a.name: self.interpreter.get_tensor(a.tensor.index) for a in self.interface.outputs}
        return self._outputs
