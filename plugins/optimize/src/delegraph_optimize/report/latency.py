"""How long a model takes on each of several delegates."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from time import perf_counter

import numpy as np
from attrs import frozen
from delegraph import DTYPES, Delegate, DelegraphError, Interpreter, Model, Tensor, UnknownDelegate

from ..bounds import limits
from ..calibrate.samples import inputs_of
from .spilled_samples import Running

PATIENCE = 5.0  # seconds, after which no further run is begun


@frozen
class Latency:
    """The time of a model on a delegate; the reference delegate runs what it leaves over."""

    delegate: str
    seconds: float | None  # of a run, the median; None where it cannot run
    least: float | None = None  # of the fastest run
    ops: int = 0  # that the delegate runs
    of: int = 0  # ops of the model, without those of constants
    why: str = ""  # why it cannot


def latencies(
    model: Model,
    delegates: Sequence[str | Delegate],
    runs: int = 10,
    given: dict[str, np.ndarray] | None = None,
) -> tuple[Latency, ...]:
    """Measure a model on each delegate.

    :param given: values for the inputs; None: zeros.
    """
    return tuple(_latency(model, d, runs, given) for d in delegates)


def _latency(
    model: Model, delegate: str | Delegate, runs: int, given: dict[str, np.ndarray] | None
) -> Latency:
    label = delegate if isinstance(delegate, str) else delegate.label
    try:
        with Interpreter(model=model, delegates=[delegate], **limits()) as interpreter:
            running = Running(model, interpreter)
            inputs = zeros(model) if given is None else given
            running.run(None, inputs)
            times = _times(running, inputs, runs)
            labels = [who for s in interpreter.plan.subgraphs for who in s.labels.values()]
            first = interpreter.delegates[0].label
            return Latency(label, median(times), min(times), labels.count(first), len(labels))
    except UnknownDelegate:
        raise
    except DelegraphError as e:
        return Latency(label, None, why=str(e))


def _times(running: Running, inputs: dict[str, np.ndarray], runs: int) -> list[float]:
    times: list[float] = []
    while len(times) < runs and sum(times) < PATIENCE:
        start = perf_counter()
        running.run(None, inputs)
        times.append(perf_counter() - start)
    return times


def zeros(model: Model) -> dict[str, np.ndarray]:
    """Return zeros for each input of the main subgraph; a size that is left open is 1."""
    return {name: _zeros(t) for name, t in inputs_of(model, None).items()}


def _zeros(tensor: Tensor) -> np.ndarray:
    shape = [max(n, 1) for n in tensor.shape_signature or tensor.shape or ()]
    if tensor.dtype == "string":
        return np.full(shape, b"", object)
    return np.zeros(shape, DTYPES[tensor.dtype].numpy)
