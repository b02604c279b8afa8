"""How LiteRT runs the samples of a model: each by itself, or one after the other with a state between."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import litert
import numpy as np
from measures import Outputs

Sample = Sequence[np.ndarray]  # an array for each input
Samples = Sequence[Sample]


def by_itself(model: Path, samples: Samples) -> Outputs:
    """Return the outputs of each sample."""
    found: list[list[np.ndarray]] = []
    with litert.loaded(model, "BUILTIN", timeout=3600) as it:
        for first in range(0, len(samples), 20):
            found += it.sample(samples[first : first + 20])
    return found


def in_turn(model: Path, samples: Samples) -> Outputs:
    """Return, of each sample, both outputs at all of its steps.

    :param samples: the first input at each step, and the second one at the first step: a state, which the
        second output gives for the next step
    """
    with litert.loaded(model, "BUILTIN", timeout=3600) as it:
        return [_steps(it, steps, state) for steps, state in samples]


def _steps(it: litert.Loaded, steps: np.ndarray, state: np.ndarray) -> list[np.ndarray]:
    found = []
    for step in steps:
        found.append(it.run([step, state]))
        state = found[-1][1]
    return [np.stack(outputs) for outputs in zip(*found, strict=True)]
