"""FULLY_CONNECTED with weights in blocks: models, and the answer from LiteRT's default resolver.

LiteRT multiplies int4 weights of at least 4 units and 32 inputs by their blocks, without the fused
activation; all others give the bias alone. So other weights are taken apart into int4 ones here:
w = 16 * (w >> 4) + ((w & 15) - 8) - (-8).
"""

from __future__ import annotations

from typing import Any

import litert
import numpy as np
from attrs import frozen
from delegraph import Blocks, Builder, Model, write_model
from hypothesis import strategies as st
from one_op import random_array
from strategies import ACTIVATIONS, SEEDS

SIZES = st.tuples(
    st.integers(1, 5),  # rows
    st.integers(1, 3),  # blocks
    st.integers(1, 9),  # units
    st.sampled_from([2, 16, 32, 32, 48, 64, 128, 256]),  # values in a block
)
LIMITS = {"int8": (-128, 127), "int4": (-8, 7), "int2": (-2, 1)}
BOUNDS = {"NONE": (-np.inf, np.inf), "RELU": (0, np.inf), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}


@frozen(eq=False)
class Product:
    """x (rows, depth) times weights (units, depth) in blocks, plus a bias."""

    x: np.ndarray
    weights: np.ndarray
    scales: np.ndarray  # float16 (units, blocks)
    bias: np.ndarray | None
    dtype: str
    activation: str

    def model(self) -> Model:
        g = Builder()
        x = g.input(self.x.shape, "float32")
        size = self.x.shape[1] // self.scales.shape[1]
        w = g.constant(self.weights, self.dtype, blocks=Blocks(g.constant(self.scales), size))
        bias = None if self.bias is None else g.constant(self.bias)
        y = g.tensor((len(self.x), len(self.weights)), "float32")
        options = {"fused_activation_function": self.activation}
        g.op("FULLY_CONNECTED", [x, w, bias], [y], version=12, **options)
        return g.model(outputs=[y])

    def expected(self) -> np.ndarray:
        """Return LiteRT's answer."""
        high, low = self.weights >> 4, (self.weights & 15) - 8
        sums = 16 * self._litert_s(high) + self._litert_s(low) - self._litert_s(np.full_like(low, -8))
        sums += 0 if self.bias is None else self.bias
        return np.clip(sums, *BOUNDS[self.activation]).astype(np.float32)

    def _litert_s(self, weights: np.ndarray) -> np.ndarray:
        """Return the product of x and int4 weights; units and blocks of zeros make it large enough."""
        units, depth = weights.shape
        more, padding = max(4 - units, 0), -(-max(32 - depth, 0) * self.scales.shape[1] // depth)
        size = depth // self.scales.shape[1]
        x = np.pad(self.x, ((0, 0), (0, padding * size)))
        scales = np.pad(self.scales, ((0, more), (0, padding)))
        w = np.pad(weights, ((0, more), (0, padding * size)))
        model = Product(x, w, scales, None, "int4", "NONE").model()
        (found,) = litert.run(write_model(model), [x], "BUILTIN_WITHOUT_DEFAULT_DELEGATES")
        return found[:, :units].astype(np.float64)


@st.composite
def products(draw: Any, dtype: str) -> Product:
    """Products of any size, some rows of one sign."""
    (rows, blocks, units, size), seed = draw(SIZES), draw(SEEDS)
    x = random_array("float32", (rows, blocks * size), seed, -3, 3)
    x = np.where(np.arange(rows)[:, None] % 3 == 2, np.abs(x), x)
    weights = random_array(dtype, (units, blocks * size), seed + 1)
    scales = random_array("float32", (units, blocks), seed + 2, 0.001, 0.1).astype(np.float16)
    bias = random_array("float32", (units,), seed + 3, -2, 2) if draw(st.booleans()) else None
    return Product(x.astype(np.float32), weights.astype(np.int8), scales, bias, dtype, draw(ACTIVATIONS))
