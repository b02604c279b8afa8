"""What DEQUANTIZE writes of a constant into a variable is there in the first run, and never again."""

from __future__ import annotations

import litert
import numpy as np
import pytest
from delegraph import Interpreter
from delegraph.file import write_model
from delegraph.model import Builder, Model

RUNS, AFTER_RESET = 3, 2


def cell(dtype: str, values: list[int]) -> Model:
    """A recurrent cell whose state begins with these values, or 0."""
    g = Builder()
    x, state = g.input((1, 2, 2), "float32", name="x"), g.variable((1, 2), "float32")
    weights = g.constant(np.float32([[0.5, 0.25], [0.125, 0.5]]))
    recurrent, bias = g.constant(np.float32([[0.5, 0], [0, 0.5]])), g.constant(np.zeros(2, np.float32))
    scales = {} if dtype == "float16" else {"scale": 0.5, "zero_point": 0}
    g.op("DEQUANTIZE", [g.constant(np.array([values], dtype), **scales)], [state], version=3)
    y = g.tensor((1, 2, 2), "float32")
    options = {"time_major": False, "fused_activation_function": "NONE"}
    return g.model(
        [g.op("UNIDIRECTIONAL_SEQUENCE_RNN", [x, weights, recurrent, bias, state], [y], **options)]
    )


@pytest.mark.parametrize("delegate", ["reference", "opencl"])
@pytest.mark.parametrize("values", [[1, 2], [0, 3], [0, 0]])
@pytest.mark.parametrize("dtype", ["float16", "int8", "uint8", "int16"])
def test_what_a_variable_begins_with_is_written_once(dtype: str, values: list[int], delegate: str) -> None:
    model = cell(dtype, values)
    x = np.ones((1, 2, 2), np.float32)
    with litert.loaded(write_model(model)) as theirs:
        expected = [theirs.run([x]) for _ in range(RUNS)] + theirs.sample([[x]] * AFTER_RESET)
    ours = Interpreter(model, delegates=[delegate])
    ours.allocate_tensors()
    found = [ours.run({"x": x}) for _ in range(RUNS)]
    for _ in range(AFTER_RESET):
        ours.reset_all_variables()
        found.append(ours.run({"x": x}))
    for outputs, (b,) in zip(found, expected, strict=True):
        assert np.array_equal(*outputs.values(), b)
