"""Bias correction: what quantization adds to the mean of an op's outputs is taken off its bias.

Source: Nagel et al., "Data-free quantization through weight equalization and bias correction", 2019,
section 4.2; the empirical form, on samples, with all ops before quantized and corrected.
"""

from __future__ import annotations

import numpy as np

from .lockstep import LockStep, Values
from .product import WeightedProduct
from .stored_product import StoredProduct


def corrected_bias(stored: StoredProduct, step: LockStep) -> np.ndarray:
    """Return the bias with which the sums have the mean that they have in floats, (groups, units).

    b' = b + W mean(x) - Ŵ mean(x̂)
    """
    assert step.floats is not None
    assert step.found is not None
    wanted = mean_row(stored.product, step.floats) @ stored.weights.transpose(0, 2, 1)
    given = mean_row(stored.product, step.found) @ stored.real.transpose(0, 2, 1)
    return np.asarray(stored.bias + (wanted - given)[:, 0])


def mean_row(product: WeightedProduct, values: Values) -> np.ndarray:
    """Return the mean of the rows of all samples, (groups, 1, depth)."""
    counts = [product.count(v) for v in values]
    total = sum(product.mean_row(v) * n for v, n in zip(values, counts, strict=True))
    return np.asarray(total / max(sum(counts), 1))
