"""How often models are right, on the same samples, and how sure the difference is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

import numpy as np
from attrs import field, frozen
from delegraph import Delegate, InputError, Interpreter, Model

from ..bounds import limits
from .intervals import Interval, mcnemar, mean_interval, paired_interval, share_interval
from .metric import METRICS, TOP, Function, agreements, asked_of, checked_labels, function_of, ranks
from .spilled_samples import KeptRows, Row, Running, SpilledSamples

Step = Callable[[], None]


@frozen
class Score:
    """One measure of one model."""

    metric: str  # "top1", "top5", "agreement", or a function's name
    value: float
    interval: Interval | None = (
        None  # of the value, 95 %; None where a function gives no more than a number
    )
    difference: float | None = None  # from the first model's; None for the first itself, and for agreement
    paired: Interval | None = None  # of the difference, 95 %
    p: float | None = None  # exact McNemar: how probable so uneven a split is among equally good models


@frozen(eq=False)
class Run:
    """What one model did on all samples."""

    samples: dict[str, np.ndarray]  # by metric: a number for each sample, or one for all
    noise: float  # of the outputs: sum of the squared differences from the first model's
    signal: float  # sum of the squares of the first model's
    seconds: tuple[float, ...] = field(repr=False)  # of each sample

    @property
    def decibels(self) -> float | None:
        return decibels(self.signal, self.noise)


class Judge:
    """Runs models on the same samples and compares them with the first."""

    def __init__(
        self,
        first: Model,
        samples: SpilledSamples,
        *,
        metric: str | Function | None = None,
        labels: object = None,
        engine: str | Delegate = "reference",
        step: Step = lambda: None,
    ) -> None:
        if not len(samples):
            raise InputError("a measurement needs at least one sample, found none")
        self.samples = samples
        self.labels = None if labels is None else checked_labels(labels)
        self.function = _function(metric)
        self.metric = _metric(metric, self.labels)
        self.asked = metric is not None
        self.engine = engine
        self.first = KeptRows()  # what the first model gives
        try:
            self.base = self.run(first, step)
        except BaseException:
            self.close()
            raise

    def run(self, model: Model, step: Step = lambda: None) -> Run:
        """Run a model on all samples."""
        tally = _Tally(self, own=not len(self.first))
        with Interpreter(model=model, delegates=[self.engine], **limits()) as interpreter:
            rows = self._rows(Running(model, interpreter), tally, step)
            if self.function is None:
                for _ in rows:
                    pass
            else:
                found = asked_of(self.function, rows, self.labels, len(self.samples))
                for _ in rows:  # what the function did not ask for
                    pass
                tally.samples[self.metric] = found
        return tally.run()

    def score(self, run: Run) -> float:
        """Return what the metric says of a model."""
        return float(run.samples[self.metric].mean())

    def close(self) -> None:
        self.first.close()

    def _rows(self, running: Running, tally: _Tally, step: Step) -> Iterator[Row]:
        names, wanted = self.samples.names, None if tally.own else iter(self.first)
        for signature, row in self.samples:
            inputs = running.inputs(signature, names[signature], row)
            start = perf_counter()
            outputs = running.run(signature, inputs)
            tally.seconds.append(perf_counter() - start)
            if wanted is None:
                self.first.append(outputs)
            tally.see(outputs, outputs if wanted is None else next(wanted))
            step()
            yield outputs


class _Tally:
    """What is counted of one model's outputs while they pass by."""

    def __init__(self, judge: Judge, own: bool) -> None:
        self.judge = judge
        self.own = own  # whether the model is the first
        self.seconds: list[float] = []
        self.samples: dict[str, np.ndarray] = {}
        self._found: dict[str, list[float]] = {}
        self._signal = self._noise = 0.0

    def see(self, outputs: Row, wanted: Row) -> None:
        self._compare(outputs, wanted)
        labels = self.judge.labels
        if labels is not None and self.judge.function is None:
            before = ranks(outputs, labels[len(self._found.get("top1", ())) :])
            self._add("top1", before < 1)
            self._add(f"top{TOP}", before < TOP)
        if self._has_classes(wanted):
            self._add("agreement", agreements(outputs, wanted))

    def run(self) -> Run:
        counted = {name: np.array(values) for name, values in self._found.items()}
        return Run(counted | self.samples, self._noise, self._signal, tuple(self.seconds))

    def _has_classes(self, wanted: Row) -> bool:
        """Say whether outputs have classes; where these are asked for, not having them is an error."""
        asked = self.judge.asked and self.judge.metric == "agreement"
        return asked or any(o.ndim and o.shape[-1] > 1 and o.dtype.kind in "fiu" for o in wanted)

    def _add(self, name: str, values: np.ndarray) -> None:
        self._found.setdefault(name, []).extend(float(v) for v in values)

    def _compare(self, outputs: Row, wanted: Row) -> None:
        if len(outputs) != len(wanted) or any(
            o.shape != w.shape for o, w in zip(outputs, wanted, strict=True)
        ):
            raise InputError("models need outputs of the same shapes, to be compared")
        for found, real in zip(outputs, wanted, strict=True):
            if real.dtype.kind == "f":
                self._signal += float(np.square(real, dtype=np.float64).sum())
                apart = np.subtract(found, real, dtype=np.float64)
                self._noise += float(np.square(apart).sum())


def decibels(signal: float, noise: float) -> float | None:
    """Return how far a signal is above the noise; at most 200, None where there is no signal."""
    if not signal > 0 or not np.isfinite(signal):
        return None
    if not np.isfinite(noise):
        return -200.0
    return float(np.clip(10 * np.log10(signal / max(noise, signal * 1e-20)), -200, 200))


def scores(run: Run, first: Run | None) -> tuple[Score, ...]:
    """Return what was measured of a model; ``first`` is the run of the model of floats, None for itself."""
    names = [n for n in run.samples if n != "agreement" or first is not None]
    return tuple(_score(n, run.samples[n], None if first is None else first.samples[n]) for n in names)


def _score(name: str, found: np.ndarray, first: np.ndarray | None) -> Score:
    value = float(found.mean())
    if found.ndim == 0:
        return Score(name, value, difference=None if first is None else value - float(first))
    right = np.isin(found, (0, 1)).all()
    interval = share_interval(float(found.sum()), len(found)) if right else mean_interval(found)
    if first is None or name == "agreement" or first.shape != found.shape:
        return Score(name, value, interval)
    difference = float(found.mean() - first.mean())
    if not (right and np.isin(first, (0, 1)).all()):
        return Score(name, value, interval, difference, mean_interval(found - first))
    lost, gained = int(((first == 1) & (found == 0)).sum()), int(((first == 0) & (found == 1)).sum())
    both = int(((first == 1) & (found == 1)).sum())
    paired = paired_interval(both, lost, gained, len(found) - both - lost - gained)
    return Score(name, value, interval, difference, paired, mcnemar(lost, gained))


def _function(metric: str | Function | None) -> Function | None:
    if metric is None or metric in METRICS:
        return None
    return function_of(metric) if isinstance(metric, str) else metric


def _metric(metric: str | Function | None, labels: Sequence[int] | np.ndarray | None) -> str:
    if metric == "top1" and labels is None:
        raise InputError("metric 'top1' needs labels: a class for each sample")
    if metric is None:
        return "agreement" if labels is None else "top1"
    return metric if isinstance(metric, str) else getattr(metric, "__name__", "function")
