"""``best``: the method of calibration with which the outputs of a few samples come nearest to the
floats'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from delegraph import Delegate, InputError, Interpreter, Model

from ..calibrate import Samples
from ..calibrate.watch import run_sample

BEST = "best"
CANDIDATES = ("minmax", "average", "percentile", "mse")
TRIALS = 32  # samples: of 8, a few odd ones decide
Outputs = list[np.ndarray]


class FirstSamples:
    """The first samples, kept while all of them pass by."""

    def __init__(self) -> None:
        self.samples: list[tuple[str | None, dict[str, np.ndarray]]] = []

    def of(self, samples: Samples) -> Iterator[tuple[str | None, dict[str, np.ndarray]]]:
        for sample in samples:
            if len(self.samples) < TRIALS:
                self.samples.append(sample)
            yield sample


def best_method(
    model: Model, kept: FirstSamples, trial: Callable[[str], Model], engine: str | Delegate
) -> tuple[str, str]:
    """Return the best of the methods, and a sentence that says how good each is.

    :param trial: makes the quantized model that a method gives.
    """
    if not kept.samples:
        raise InputError(f"method {BEST!r} needs samples to try the methods on, not a calibration alone")
    wanted = _outputs(model, kept, engine)
    found = {method: _decibels(wanted, _outputs(trial(method), kept, engine)) for method in CANDIDATES}
    told = ", ".join(f"{method} {value:.1f} dB" for method, value in found.items())
    best = max(found, key=lambda method: found[method])
    return best, f"ranges by {best}: signal above noise of the outputs is {told}"


def _outputs(model: Model, kept: FirstSamples, engine: str | Delegate) -> list[Outputs]:
    with Interpreter(model=model, delegates=[engine]) as interpreter:
        return [run_sample(interpreter, *sample) for sample in kept.samples]


def _decibels(wanted: Sequence[Outputs], found: Sequence[Outputs]) -> float:
    """Return how far the signal is above the noise, on the average over the outputs."""
    levels = [
        _level(w, f) for w, f in zip(zip(*wanted, strict=True), zip(*found, strict=True), strict=True)
    ]
    return float(np.mean([level for level in levels if level is not None] or [0.0]))


def _level(wanted: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> float | None:
    if wanted[0].dtype.kind != "f":
        return None
    signal = sum(float(np.square(w, dtype=np.float64).sum()) for w in wanted)
    noise = sum(float(np.square(w - f, dtype=np.float64).sum()) for w, f in zip(wanted, found, strict=True))
    return 100.0 if noise <= signal * 1e-10 else 10 * np.log10(max(signal, 1e-30) / noise)
