"""Small quantized models, made in a few lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, Model, Tensor, fallbacks_unsaid, load_delegate, plan_model, write_model

SCALE, ZERO_POINT = 0.5, 3


class Net:
    """A quantized model in the making; every activation has one scale and zero point.

    The reference delegate takes its ops, too, so that it can be run.
    """

    def __init__(self, dtype: str = "int8") -> None:
        self.dtype = dtype
        self.g = Builder()

    def input(self, *shape: int, dtype: str | None = None) -> Tensor:
        dtype = dtype or self.dtype
        return self.g.input(shape, dtype, **_quantization(dtype))

    def tensor(self, *shape: int, dtype: str | None = None) -> Tensor:
        dtype = dtype or self.dtype
        return self.g.tensor(shape, dtype, **_quantization(dtype))

    def constant(self, values: Any, dtype: str = "int32", **settings: Any) -> Tensor:
        return self.g.constant(values, dtype, **settings)

    def op(self, name: str, inputs: list[Tensor | None], *shape: int, **settings: Any) -> Any:
        """Add an op with one output of this shape."""
        dtype = settings.pop("to", self.dtype)
        return self.g.op(name, inputs, [self.tensor(*shape, dtype=dtype)], **settings)

    def conv(self, x: Tensor, channels: int, **settings: Any) -> Tensor:
        """Add a 1 × 1 convolution with weights of its own."""
        batch, height, width, depth = x.shape or ()
        zero = 0 if self.dtype == "int8" else 128
        weights = (np.arange(channels * depth).reshape(channels, 1, 1, depth) % 7 - 3 + zero).tolist()
        filters = self.constant(weights, self.dtype, scale=0.25, zero_point=zero)
        bias = self.constant(list(range(channels)), scale=SCALE * 0.25)
        options = {"padding": "SAME", "stride_w": 1, "stride_h": 1}
        options |= {"dilation_w_factor": 1, "dilation_h_factor": 1}
        return self.op(
            "CONV_2D", [x, filters, bias], batch, height, width, channels, version=3, **options | settings
        )

    def lstm(self, x: Tensor, cells: int) -> Tensor:
        """Add an integer LSTM with its state."""
        batch, steps, depth = x.shape or ()

        def matrix(rows: int, columns: int, seed: int) -> Tensor:
            values = np.random.PCG64(seed).random_raw(rows * columns) % 200
            return self.constant(
                values.astype(np.int64).reshape(rows, columns) - 100, "int8", scale=0.01, zero_point=0
            )

        weights = [matrix(cells, depth, i) for i in range(4)]
        recurrent = [matrix(cells, cells, 4 + i) for i in range(4)]
        biases = [self.constant(list(range(cells)), scale=0.01 * SCALE, zero_point=0) for _ in range(4)]
        output = self.g.variable((batch, cells), "int8", scale=1 / 128, zero_point=0)
        cell = self.g.variable((batch, cells), "int16", scale=2.0**-12, zero_point=0)
        inputs = [x, *weights, *recurrent, None, None, None, *biases, None, None, output, cell]
        scales = [self.g.tensor((0,), "int16", scale=2.0**-12, zero_point=0) for _ in range(4)]
        hidden = self.g.tensor((0,), "int8", scale=1 / 128, zero_point=0)
        y = self.g.tensor((batch, steps, cells), "int8", scale=1 / 128, zero_point=0)
        return self.g.op(
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            [*inputs, None, None, None, None],
            [y],
            intermediates=[*scales, hidden],
            fused_activation_function="TANH",
            time_major=False,
        )

    def model(self, *outputs: Tensor, **settings: Any) -> Model:
        return self.g.model(outputs=outputs or None, **settings)


def _quantization(dtype: str) -> dict[str, float]:
    return {"scale": SCALE, "zero_point": ZERO_POINT} if dtype in ("int8", "uint8") else {}


@pytest.fixture
def net() -> type[Net]:
    return Net


@pytest.fixture
def refusals():
    """Return a function that gives why the last op of a model is refused: [] if it is mapped."""

    def of(made: Net | Model, runtime_version: int = 14) -> list[Any]:
        model = made.model() if isinstance(made, Net) else made
        delegate = load_delegate("edgetpu", {"runtime_version": runtime_version})
        graph = plan_model(model, [delegate], warn=False).subgraphs[0].graph
        return delegate.table.refusals(graph.ops[-1], graph)

    return of


@pytest.fixture
def saved(tmp_path):
    """Return a function that writes a model to a file."""

    def to_file(made: Net | Model, name: str = "model.tflite"):
        path = tmp_path / name
        path.write_bytes(write_model(made.model() if isinstance(made, Net) else made))
        return path

    return to_file


@pytest.fixture(autouse=True)
def _no_word_of_fallbacks():
    """They are what these tests are about; CPU remainders are meant."""
    with fallbacks_unsaid():
        yield
