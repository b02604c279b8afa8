"""How far results lie from those that are right, in the terms in which a support row claims it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from delegraph import shape_text

OWN_RTOL = 1e-5  # how far the goldens' source and the reference delegate may lie apart


@frozen
class Distance:
    """The largest differences."""

    steps: float = 0.0  # of integers
    rtol: float = 0.0  # of floats, relative to the largest value of the output before its activation

    def beyond(self, steps: int, rtol: float) -> str:
        """Say how this is more than a row claims; "" if it is not."""
        if self.steps > steps:
            return f"off by {self.steps:g} steps, the row claims {steps}"
        if self.rtol > max(rtol, OWN_RTOL):
            return f"off by {self.rtol:.3g} of the largest value, the row claims {rtol:g}"
        return ""


def distance(
    found: Sequence[np.ndarray], right: Sequence[np.ndarray], largest: float = 0.0
) -> Distance | str:
    """Return how far outputs are from those that are right; or what cannot be said in numbers.

    :param largest: of an output before its fused activation, which cut it off
    """
    if len(found) != len(right):
        return f"{len(found)} outputs, {len(right)} are right"
    steps = rtol = 0.0
    for place, (a, b) in enumerate(zip(found, right, strict=True)):
        each = _distance(np.asarray(a), b, largest)
        if isinstance(each, str):
            return f"output {place}: {each}" if len(right) > 1 else each
        steps, rtol = max(steps, each.steps), max(rtol, each.rtol)
    return Distance(steps, rtol)


def _distance(a: np.ndarray, b: np.ndarray, largest: float) -> Distance | str:
    if a.dtype != b.dtype:
        return f"dtype {a.dtype}, {b.dtype} is right"
    if a.shape != b.shape:
        return f"shape {shape_text(a.shape)}, {shape_text(b.shape)} is right"
    if not a.size:
        return Distance()
    if b.dtype.kind in "fc":
        return _of_floats(a, b, largest)
    if b.dtype.kind in "iu":
        off = np.abs(a.astype(np.float64) - b.astype(np.float64))
        return Distance(steps=float(np.maximum(off, a != b).max()))
    wrong = int((a != b).sum())
    return f"{wrong} of {b.size} values are wrong" if wrong else Distance()


def _of_floats(a: np.ndarray, b: np.ndarray, largest: float) -> Distance | str:
    wide = np.complex128 if b.dtype.kind == "c" else np.float64
    x, y = a.astype(wide), b.astype(wide)
    finite = np.isfinite(y)
    with np.errstate(invalid="ignore"):
        odd = np.where(finite, ~np.isfinite(x), (x != y) & ~(np.isnan(x) & np.isnan(y)))
    if odd.any():
        return f"infinities or NaN in {int(odd.sum())} places where they are not right, or missing"
    off, largest = np.abs(x[finite] - y[finite]).max(initial=0), np.abs(y[finite]).max(initial=largest)
    return Distance(rtol=float(off / largest) if largest else float("inf") if off else 0.0)
