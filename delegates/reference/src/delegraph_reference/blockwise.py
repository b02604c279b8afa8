"""Integers in blocks along their last axis, each block with a scale of its own.

Source: tflite/kernels/fully_connected.cc (EvalBlockwise4Bit), embedding_lookup.cc (EvalBlockwise).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op
from delegraph.rules import operand, operand_shape, scales_of_blocks

from .hybrid import LARGEST, quantized_rows
from .products import exact_weights


def real_of_blocks(stored: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return stored * scale in float32.

    :param stored: (..., depth)
    :param scales: (..., blocks), float32
    """
    blocks = stored.reshape(*scales.shape, -1).astype(np.float32)
    blocks *= scales[..., None]
    return blocks.reshape(stored.shape)


class BlockProduct:
    """Multiplies rows (n, depth), float32, with weights (units, depth): ::

        step of the row * sum over blocks of (scale of the block * sum over it of value * weight)

    A row is quantized by its range, whatever the op's option says. Sums in a block are exact, those over
    blocks float32, in order.
    """

    def __init__(self, op: Op, stored: np.ndarray) -> None:
        units = operand_shape(op, 1)[0]
        self._scales = np.ascontiguousarray(scales_of_blocks(operand(op, 1)).T)  # (blocks, units)
        blocks = stored.reshape(units, len(self._scales), -1).transpose(1, 2, 0)
        self._weights = exact_weights(blocks, LARGEST)  # (blocks, size, units)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the products (n, units), float32."""
        values, steps = quantized_rows(rows, asymmetric=True)
        blocks = values.reshape(len(rows), len(self._scales), -1).swapaxes(0, 1)
        total = np.zeros((len(rows), self._weights.shape[2]), np.float32)
        for block, weights, scales in zip(blocks, self._weights, self._scales, strict=True):
            total += np.matmul(block.astype(weights.dtype, copy=False), weights).astype(np.float32) * scales
        total *= steps[:, None]
        return total
