"""Rounding to the nearest integer."""

from __future__ import annotations

import numpy as np


def nearest(weights: np.ndarray, steps: np.ndarray, limit: int) -> np.ndarray:
    """Return the integers nearest to weights / steps, from -limit to limit."""
    return np.asarray(np.clip(np.rint(weights / steps), -limit, limit))
