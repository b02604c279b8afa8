"""Ops that make values from sizes: fills, ranges, random numbers, and what a shape itself is."""

from __future__ import annotations

import math

import numpy as np

from ..model import Shape
from ._rule import Inputs


def of_value(inputs: Inputs) -> list[Shape]:
    """FILL, RANDOM_*: input 0 holds the output's shape."""
    return [inputs.ints(0)]


def shape(inputs: Inputs) -> list[Shape]:
    return [(len(inputs.shape(0)),)]


def rank(inputs: Inputs) -> list[Shape]:
    inputs.shape(0)
    return [()]


def range_(inputs: Inputs) -> list[Shape]:
    start, limit, delta = (inputs.number(i) for i in range(3))
    if delta == 0 or (start > limit and delta > 0) or (start < limit and delta < 0):
        inputs.fail("a delta that leads from start to limit", f"{start}, {limit}, {delta}")
    if isinstance(start, np.integer):
        return [(-((int(start) - int(limit)) // int(delta)),)]
    count = abs((limit - start) / delta)
    if not math.isfinite(count):
        inputs.fail("a finite number of steps from start to limit", f"{start}, {limit}, {delta}")
    return [(math.ceil(count),)]


def multinomial(inputs: Inputs) -> list[Shape]:
    return [(inputs.shape(0, rank=2)[0], inputs.scalar(1))]


def broadcast_args(inputs: Inputs) -> list[Shape]:
    """BROADCAST_ARGS: the inputs are shapes, and so is the output."""
    return [(max(inputs.shape(0, rank=1)[0], inputs.shape(1, rank=1)[0]),)]


RULES = {
    "BROADCAST_ARGS": broadcast_args,
    "FILL": of_value,
    "MULTINOMIAL": multinomial,
    "RANDOM_STANDARD_NORMAL": of_value,
    "RANDOM_UNIFORM": of_value,
    "RANGE": range_,
    "RANK": rank,
    "SHAPE": shape,
}
