"""How long a model takes on each of several delegates."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from time import perf_counter

import numpy as np
from attrs import define, field, frozen
from delegraph import DTYPES, Delegate, DelegraphError, Interpreter, Model, Tensor, UnknownDelegate

from ..bounds import limits
from ..calibrate.samples import inputs_of
from .spilled_samples import Running

Inputs = dict[str, np.ndarray]  # by name
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
    models: Sequence[Model],
    delegates: Sequence[str | Delegate],
    runs: int = 10,
    given: Sequence[Inputs | None] | None = None,
) -> list[tuple[Latency, ...]]:
    """Measure models on each delegate, a run of each in turn: what else the machine does slows all of them.

    :param given: values for the inputs of each; None: zeros.
    """
    inputs = [None] * len(models) if given is None else given
    found = [_in_turn(models, delegate, runs, inputs) for delegate in delegates]
    return [tuple(some[i] for some in found) for i in range(len(models))]


def _in_turn(
    models: Sequence[Model], delegate: str | Delegate, runs: int, given: Sequence[Inputs | None]
) -> list[Latency]:
    with ExitStack() as stack:
        begun = [_begun(stack, m, delegate, g) for m, g in zip(models, given, strict=True)]
        for _ in range(runs):
            for one in begun:
                if isinstance(one, _Timed) and sum(one.times) < PATIENCE:
                    one.run()
        return [one.latency(delegate) if isinstance(one, _Timed) else one for one in begun]


def _begun(
    stack: ExitStack, model: Model, delegate: str | Delegate, given: Inputs | None
) -> _Timed | Latency:
    """Return a model that has run once, or why it cannot."""
    try:
        interpreter = stack.enter_context(Interpreter(model=model, delegates=[delegate], **limits()))
        running = Running(model, interpreter)
        inputs = zeros(model) if given is None else given
        running.run(None, inputs)
        return _Timed(interpreter, running, inputs)
    except UnknownDelegate:
        raise
    except DelegraphError as e:
        return Latency(_label(delegate), None, why=str(e))


def _label(delegate: str | Delegate) -> str:
    return delegate if isinstance(delegate, str) else delegate.label


@define
class _Timed:
    """A model whose runs are timed."""

    interpreter: Interpreter
    running: Running
    inputs: Inputs
    times: list[float] = field(factory=list)

    def run(self) -> None:
        start = perf_counter()
        self.running.run(None, self.inputs)
        self.times.append(perf_counter() - start)

    def latency(self, delegate: str | Delegate) -> Latency:
        labels = [who for s in self.interpreter.plan.subgraphs for who in s.labels.values()]
        first = self.interpreter.delegates[0].label
        return Latency(
            _label(delegate), median(self.times), min(self.times), labels.count(first), len(labels)
        )


def zeros(model: Model) -> dict[str, np.ndarray]:
    """Return zeros for each input of the main subgraph; a size that is left open is 1."""
    return {name: _zeros(t) for name, t in inputs_of(model, None).items()}


def _zeros(tensor: Tensor) -> np.ndarray:
    shape = [max(n, 1) for n in tensor.shape_signature or tensor.shape or ()]
    if tensor.dtype == "string":
        return np.full(shape, b"", object)
    return np.zeros(shape, DTYPES[tensor.dtype].numpy)
