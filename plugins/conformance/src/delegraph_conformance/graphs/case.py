"""A graph and its inputs."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from delegraph import Model

BATCHES = 2  # inputs of each graph: what a run left in memory must not look right in the next


@frozen(eq=False)
class Case:
    """A graph and its inputs."""

    name: str  # "int8 graph 17"
    model: Model
    batches: tuple[list[np.ndarray], ...]
