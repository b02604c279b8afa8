"""``best``: the method of calibration with which the outputs of a few samples come nearest to the
floats'.

All methods are tried on a few samples, and the best two of them on more. Of probabilities, what they are
made of is compared: most samples have a probability of 0 or 1, so a few others would decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np
from delegraph import InputError, Interpreter, Model, Tensor, UnsupportedOps, fallbacks_unsaid

from ..bounds import limits
from ..calibrate.samples import Sample
from ..calibrate.watch import run_sample
from .engines import Engines
from .kept_samples import written_bytes

BEST = "best"
CANDIDATES = ("minmax", "average", "percentile", "mse")
TRIALS = (8, 64)  # samples for the best two: at least for large models, at most for small ones
FEW = 3 / 8  # of them: for all methods
MOST_WORK = 1 << 27  # bytes that ops write in all samples of a method's trial
Outputs = Sequence[np.ndarray]


def best_method(
    model: Model,
    samples: Sequence[Sample],
    trial: Callable[[Model, str], Model],
    engines: Engines,
    candidates: Sequence[str] = CANDIDATES,
) -> tuple[str, str]:
    """Return the best of the methods, and a sentence that says how good each is.

    :param trial: makes the quantized model of a model of floats that a method gives.
    """
    if not samples:
        raise InputError(f"method {BEST!r} needs samples to try the methods on, not a calibration alone")
    floats = before_probabilities(model)
    samples = samples[: int(np.clip(MOST_WORK // max(written_bytes(model), 1), *TRIALS))]
    few = int(np.ceil(FEW * len(samples)))
    try:
        wanted = _outputs(floats, samples, engines)
        found = {method: _Candidate(trial(floats, method), engines) for method in candidates}
        for one in found.values():
            one.run(samples[:few], wanted)
        for method in sorted(found, key=lambda m: -found[m].decibels)[:2]:
            found[method].run(samples[few:], wanted[few:])
            found[method].is_last = True
    except UnsupportedOps as e:
        return candidates[0], f"ranges by {candidates[0]}: the engine lacks ops to try others: {e}"
    if not all(
        np.isfinite(value).all() for outputs in wanted for value in outputs if value.dtype.kind == "f"
    ):
        return candidates[0], f"ranges by {candidates[0]}: outputs of samples are not all finite in floats"
    best = max(found, key=lambda m: (found[m].is_last, found[m].decibels))
    told = _levels([(m, one) for m, one in found.items() if one.is_last or few == len(samples)])
    rest = _levels([(m, one) for m, one in found.items() if not one.is_last and few < len(samples)])
    told += f" (the others on {few} of the {len(samples)} samples: {rest})" if rest else ""
    return best, f"ranges by {best}: signal above noise of the outputs is {told}"


def _levels(some: Sequence[tuple[str, _Candidate]]) -> str:
    return ", ".join(f"{method} {one.decibels:.1f} dB" for method, one in some)


def before_probabilities(model: Model) -> Model:
    """Return a model that gives what a SOFTMAX or LOGISTIC reads in place of what it writes."""
    made = [
        {op.outputs[0].index: op.inputs[0] for op in graph.ops if op.name in ("SOFTMAX", "LOGISTIC")}
        for graph in model.subgraphs
    ]
    graphs = tuple(
        attrs.evolve(graph, outputs=tuple(some.get(t.index) or t for t in graph.outputs))
        for graph, some in zip(model.subgraphs, made, strict=True)
    )
    signatures = tuple(
        attrs.evolve(s, outputs={name: _index(made[s.subgraph], i) for name, i in s.outputs.items()})
        for s in model.signatures
    )
    return attrs.evolve(model, subgraphs=graphs, signatures=signatures)


class _Candidate:
    """A quantized model, and how near its outputs come."""

    is_last = False

    def __init__(self, model: Model, engines: Engines) -> None:
        self._model, self._engines = model, engines
        # Of each output, by signature and place: the squares of its values, and of how far they are off.
        self._squares: dict[tuple[str | None, int], np.ndarray] = {}

    def run(self, samples: Sequence[Sample], wanted: Sequence[Outputs]) -> None:
        found = _outputs(self._model, samples, self._engines)
        for (signature, _), w, f in zip(samples, wanted, found, strict=False):
            for place, (one, other) in enumerate(zip(w, f, strict=True)):
                if one.dtype.kind == "f":
                    sums = self._squares.setdefault((signature, place), np.zeros(2))
                    sums += [np.square(v, dtype=np.float64).sum() for v in (one, one - other)]

    @property
    def decibels(self) -> float:
        """How far the signal is above the noise, on the average over the outputs."""
        return float(np.mean([_level(*sums) for sums in self._squares.values()] or [0.0]))


def _outputs(model: Model, samples: Sequence[Sample], engines: Engines) -> list[Outputs]:
    with fallbacks_unsaid(), Interpreter(model=model, delegates=engines, **limits()) as interpreter:
        return [[o.copy() for o in run_sample(interpreter, *sample)] for sample in samples]


def _level(signal: float, noise: float) -> float:
    if not np.isfinite(noise):
        return -100.0
    return 100.0 if noise <= signal * 1e-10 else float(10 * np.log10(max(signal, 1e-30) / noise))


def _index(made: dict[int, Tensor | None], index: int) -> int:
    tensor = made.get(index)
    return index if tensor is None else tensor.index
