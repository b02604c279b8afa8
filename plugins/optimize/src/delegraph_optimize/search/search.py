"""Choose the scheme of each op: the sensitivity of each is measured, then ops are moved one by one.

With ``max_drop`` all begin quantized, and go back in the order that wins most per byte (or per
millisecond), until the drop is met; then each that went back is tried quantized again. With ``max_size``
all begin as they are, and are quantized in the order that loses least per byte, until the size is met; then
each is tried as it was where there is room.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any

import numpy as np
from delegraph import (
    InputError,
    Interpreter,
    Model,
    UnsupportedOps,
    bytes_text,
    fallbacks_unsaid,
    write_model,
)

from ..asked import rules_of
from ..bounds import limits, model_of
from ..calibrate import read_samples
from ..calibrate.inside import LSTM
from ..improve.wishes import Wishes
from ..pipeline import Quantized, Source, dequantize, quantize
from ..report import Outcome
from ..report.accuracy import Judge
from ..report.metric import METRICS, Function, read_labels
from ..report.spilled_samples import SpilledSamples
from ..rules import Rule
from ..schemes import ACTIVATIONS
from ..spec import SPECS
from .found import Place, SearchResult, Sensitivity, Trial, Tried
from .state import SearchState, fingerprint

Progress = Callable[[str, int, int], None]  # what is done, how much of it is done, and how much there is
FLOATS = "float32"
# What an op goes back to, step by step.
LADDERS: dict[str, tuple[str, ...]] = {
    "int8": ("int8", "int16x8", FLOATS),
    "int16x8": ("int16x8", FLOATS),
    "dynamic": ("dynamic", "float16", FLOATS),
    "weights": ("weights", "float16", FLOATS),
    "float16": ("float16", FLOATS),
}


def search_schemes(
    model: Source,
    scheme: str,
    *,
    data: Any,
    max_drop: float | None = None,
    max_size: int | str | None = None,
    metric: str | Function | None = None,
    labels: Any = None,
    test: Any = None,
    per: str = "size",
    state: str | os.PathLike[str] | None = None,
    read: Iterable[str | os.PathLike[str]] = (),
    rules: str | os.PathLike[str] | Iterable[Rule] | None = None,
    progress: Progress = lambda what, done, of: None,
    **settings: Any,
) -> SearchResult:
    """Return the smallest model that a search finds within a drop, or the best within a size.

    :param data: samples to calibrate with, and to judge on where ``test`` is None.
    :param max_drop: what the metric may lose: points of 100 of ``top1`` and ``agreement``, else as the
        function has it.
    :param max_size: bytes of the file, or a share of the given model's: ``"40%"``. One of both is needed.
    :param metric: ``"agreement"`` with the model of floats, ``"top1"``, or a function, see
        :func:`delegraph_optimize.measure`. None: ``top1`` with labels, else ``agreement``.
    :param per: what counts as the price of an op: ``"size"`` or ``"time"``.
    :param state: a file that keeps what was tried: a search that was interrupted goes on from there.
    :param read: files that the state must not overwrite.
    :param rules: ops that have their scheme from a rule keep it.
    :param settings: what :func:`delegraph_optimize.quantize` takes.
    :raises InputError: an argument is none of these, or no choice is within the limit.
    """
    _check(scheme, max_drop, max_size, per, data, settings)
    given = model_of(model)
    data = _readable_again(data)
    with ExitStack() as closing:
        ways = {n: settings[n] for n in ("mean", "std") if n in settings}
        judged, limit = (data, settings.get("samples")) if test is None else (test, None)
        kept = SpilledSamples(given, read_samples(given, judged, limit=limit, **ways))
        closing.callback(kept.close)
        told = read_labels(labels) if isinstance(labels, (str, os.PathLike)) else labels
        work = _Search(
            given, scheme, data, kept, metric, told, per, rules_of(rules), settings, progress, closing
        )
        work.begin(state, read)
        with fallbacks_unsaid():
            if max_drop is not None:
                return work.within_drop(max_drop / (100 if work.judge.metric in METRICS else 1))
            assert max_size is not None
            return work.within_size(nbytes_of(max_size, len(write_model(given))))


def nbytes_of(size: int | str, whole: int) -> int:
    """Return bytes: a number of them, or a share of a whole: ``40%``.

    :raises InputError: it is neither.
    """
    text = str(size).strip()
    try:
        found = float(text[:-1]) / 100 * whole if text.endswith("%") else int(text)
    except ValueError:
        found = -1
    if not 0 < found < np.inf:
        raise InputError(f"a size needs a number of bytes, or a share such as 40%, found {text!r}")
    return int(found)


def _readable_again(data: Any) -> Any:
    """Return data that several readers may go through."""
    if isinstance(data, Mapping):
        return {key: _readable_again(some) for key, some in data.items()}
    return data if isinstance(data, (str, os.PathLike, Sequence, np.ndarray)) else list(data)


def _check(
    scheme: str, max_drop: float | None, max_size: Any, per: str, data: Any, settings: dict[str, Any]
) -> None:
    if scheme not in LADDERS:
        raise InputError(f"scheme needs one of {', '.join(LADDERS)}, found {scheme!r}")
    if (max_drop is None) == (max_size is None):
        raise InputError("a search needs one limit: the drop or the size")
    if max_drop is not None and not 0 <= max_drop < np.inf:
        raise InputError(f"a drop needs to be 0 or more, found {max_drop}")
    if per not in ("size", "time"):
        raise InputError(f"per needs one of size, time, found {per!r}")
    if data is None:
        raise InputError("a search needs samples of the model's inputs: data")


class _Search:
    """A search in progress. A choice is a level of the ladder for each op: 0 is quantized."""

    def __init__(
        self,
        model: Model,
        scheme: str,
        data: Any,
        samples: SpilledSamples,
        metric: str | Function | None,
        labels: Any,
        per: str,
        rules: tuple[Rule, ...],
        settings: dict[str, Any],
        progress: Progress,
        closing: ExitStack,
    ) -> None:
        self.model, self.scheme, self.per, self.rules = model, scheme, per, rules
        self.ladder = LADDERS[scheme]
        self.settings = dict(settings)
        self.progress = progress
        self.samples = samples
        engine = settings.get("engine", "reference")
        base = dequantize(model).model
        if metric is None:
            metric = "agreement" if labels is None else "top1"
        with fallbacks_unsaid():
            step = _counted(progress, "samples", len(samples))
            self.judge = Judge(base, samples, metric=metric, labels=labels, engine=engine, step=step)
        closing.callback(self.judge.close)
        self.base = self.judge.score(self.judge.base)
        self.tried: list[Tried] = []
        self.data: Any = data  # None once it is needed no more
        made = self._quantized()
        if made.calibration is not None and made.calibration.method is not None:
            self.settings["method"] = made.calibration.method  # found best once, kept in all trials
        if not _improved(settings, any(o.op == LSTM for o in made.report.outcomes)):
            self.settings["bias_correction"] = False  # which needs samples in each trial
            self.data, self.settings["calibration"] = None, made.calibration
        own = self._own() if self.rules else frozenset()
        self.ops = [
            o for o in made.report.outcomes if (o.subgraph, o.index) not in own and self._is_choice(o)
        ]
        self.top = len(self.ladder) - 1
        self.state = SearchState(None, "")
        self.steps = self._steps()

    def _steps(self) -> list[list[int]]:
        """Return the levels that each op can have: neither LiteRT nor the engine has every op in each."""
        found = [[0] for _ in self.ops]
        for level in range(1, self.top):
            made = self._made([level] * len(self.ops))
            if not self._runs(made.model):  # the reference delegate without delegraph-int16
                continue
            became = {(o.subgraph, o.index): o.scheme for o in made.report.outcomes}
            for op, steps in zip(self.ops, found, strict=True):
                if became[op.subgraph, op.index] == self.ladder[level]:
                    steps.append(level)
        return [[*steps, self.top] for steps in found]

    def _runs(self, model: Model) -> bool:
        engine = self.settings.get("engine", "reference")
        try:
            with (
                fallbacks_unsaid(),
                Interpreter(model=model, delegates=[engine], **limits()) as interpreter,
            ):
                interpreter.allocate_tensors()
        except UnsupportedOps:
            return False
        return True

    def _up(self, op: int, level: int) -> int:
        return next(n for n in self.steps[op] if n > level)

    def _down(self, op: int, level: int) -> int:
        return next(n for n in reversed(self.steps[op]) if n < level)

    def begin(self, path: str | os.PathLike[str] | None, read: Iterable[str | os.PathLike[str]]) -> None:
        """Open the file that keeps what was tried."""
        if path is None:
            return
        told = {n: repr(v) for n, v in sorted(self.settings.items()) if n not in ("calibration", "samples")}
        seen = self.settings.get("calibration")
        ranges = None if seen is None else [(n, s.low, s.high) for n, s in seen.tensors.items()]
        labels = None if self.judge.labels is None else self.judge.labels.tolist()
        settings = self.scheme, self.judge.metric, labels, self.rules, told, ranges
        of = fingerprint(write_model(self.model), self.samples, *settings)
        self.state = SearchState(path, of, read)

    def within_drop(self, most: float) -> SearchResult:
        """Return the model after ops went back until the drop is met."""
        levels = [0] * len(self.ops)
        alone = self._sensitivities([0] * len(self.ops))
        while self._drop(self._try(levels)) > most:
            ready = [i for i, level in enumerate(levels) if level < self.top]
            if not ready:
                raise InputError(f"no choice loses {self._amount(most)} of {self.judge.metric} or less")
            best = max(ready, key=lambda i: (self._won(alone[i]), -i))
            levels[best] = self._up(best, levels[best])
            alone[best] = self._sensitivity(best, levels[best])
            self.progress("ops go back", sum(levels), self.top * len(levels))
        self._again(levels, most)
        return self._found(levels)

    def within_size(self, most: int) -> SearchResult:
        """Return the model after ops were quantized until the size is met."""
        levels = [self.top] * len(self.ops)
        below = self._sensitivities([self._down(i, self.top) for i in range(len(self.ops))])
        while self._try(levels).nbytes > most:
            ready = [i for i, level in enumerate(levels) if level > 0]
            if not ready:
                smallest = min(t.trial.nbytes for t in self.tried)
                raise InputError(
                    f"no choice has {bytes_text(most)} or less; the smallest has {bytes_text(smallest)}"
                )
            best = min(ready, key=lambda i: (self._lost(below[i], i, levels[i]), i))
            levels[best] = self._down(best, levels[best])
            if levels[best]:
                below[best] = self._sensitivity(best, self._down(best, levels[best]))
            self.progress("ops are quantized", sum(self.top - n for n in levels), self.top * len(levels))
        self._back(levels, most)
        return self._found(levels)

    def _again(self, levels: list[int], most: float) -> None:
        """Quantize again what went back, the least sensitive first, as far as the drop is still met."""
        order = sorted(
            (i for i, level in enumerate(levels) if level), key=lambda i: self._won(self._sensitivity(i, 0))
        )
        for n, i in enumerate(order):
            for lower in [n for n in self.steps[i] if n < levels[i]]:
                trial = [*levels[:i], lower, *levels[i + 1 :]]
                if self._drop(self._try(trial)) <= most:
                    levels[i] = lower
                    break
            self.progress("ops are tried again", n + 1, len(order))

    def _back(self, levels: list[int], most: int) -> None:
        """Let ops go back for which there is room, the most sensitive first."""
        order = sorted(
            (i for i, level in enumerate(levels) if level < self.top),
            key=lambda i: self._harm(self._sensitivity(i, levels[i])),
            reverse=True,
        )
        for n, i in enumerate(order):
            for higher in [n for n in reversed(self.steps[i]) if n > levels[i]]:
                trial = [*levels[:i], higher, *levels[i + 1 :]]
                if self._size(trial) <= most and self._is_better(trial, levels):
                    levels[i] = higher
                    break
            self.progress("ops go back", n + 1, len(order))

    def _is_better(self, one: Sequence[int], other: Sequence[int]) -> bool:
        a, b = self._try(one), self._try(other)
        return (a.score, -a.noise) > (b.score, -b.noise)

    def _sensitivities(self, levels: Sequence[int]) -> list[Sensitivity]:
        found = []
        for i, level in enumerate(levels):
            self.progress("sensitivity of ops", i, len(self.ops))
            found.append(self._sensitivity(i, level))
        self.progress("sensitivity of ops", len(self.ops), len(self.ops))
        return found

    def _sensitivity(self, op: int, level: int) -> Sensitivity:
        """Return what an op costs and wins at a level of the ladder, all others being floats."""
        outcome = self.ops[op]
        floats = self._trial([self.top] * len(self.ops))
        if level == self.top:
            one = floats
        elif self._moves(outcome):  # alone it stays floats: what it does shows among quantized ops
            return self._among(op, level)
        else:
            one = self._trial([level if i == op else self.top for i in range(len(self.ops))])
        return self._between(outcome, level, floats, one)

    def _among(self, op: int, level: int) -> Sensitivity:
        """Return what an op costs and wins among ops that all have this level."""
        all_ = self._trial([level] * len(self.ops))
        without = self._trial([self.top if i == op else level for i in range(len(self.ops))])
        return self._between(self.ops[op], level, without, all_)

    def _between(self, outcome: Outcome, level: int, floats: Trial, one: Trial) -> Sensitivity:
        return Sensitivity(
            (outcome.subgraph, outcome.index),
            outcome.op,
            outcome.name,
            self.ladder[level],
            floats.score - one.score,
            one.noise - floats.noise,
            floats.nbytes - one.nbytes,
            floats.seconds - one.seconds,
        )

    def _harm(self, alone: Sensitivity) -> tuple[float, float]:
        return max(alone.drop, 0.0), max(alone.noise, 0.0)

    def _won(self, alone: Sensitivity) -> tuple[float, float]:
        """Return what is won for its price when an op goes back."""
        return self._priced(self._harm(alone), alone, None)

    def _lost(self, below: Sensitivity, op: int, level: int) -> tuple[float, float]:
        """Return what is lost for its price when an op goes down a step from a level."""
        now = self._sensitivity(op, level)
        drop, noise = self._harm(below)
        before = self._harm(now)
        if below.nbytes <= now.nbytes and self.per == "size":  # wins nothing
            return np.inf, np.inf
        return self._priced((max(drop - before[0], 0.0), max(noise - before[1], 0.0)), below, now)

    def _priced(
        self, harm: tuple[float, float], one: Sensitivity, other: Sensitivity | None
    ) -> tuple[float, float]:
        if self.per == "time":
            price = max(one.seconds - (0.0 if other is None else other.seconds), 1e-7)
        else:
            price = max(float(one.nbytes - (0 if other is None else other.nbytes)), 1.0)
        return harm[0] / price, harm[1] / price

    def _try(self, levels: Sequence[int]) -> Trial:
        """Return what a choice gives, and keep it for the front."""
        trial = self._trial(levels)
        schemes = self._schemes(levels)
        if all(t.schemes != schemes for t in self.tried):
            self.tried.append(Tried(schemes, trial))
        return trial

    def _schemes(self, levels: Sequence[int]) -> dict[Place, str]:
        return {(o.subgraph, o.index): self.ladder[n] for o, n in zip(self.ops, levels, strict=True)}

    def _trial(self, levels: Sequence[int]) -> Trial:
        key = "".join(map(str, levels))
        found = self.state.get(key)
        if found is None:
            made = self._made(levels)
            run = self.judge.run(made.model, _counted(self.progress, "samples", len(self.samples)))
            noise = run.noise / run.signal if run.signal > 0 else 0.0
            found = Trial(self.judge.score(run), noise, len(made.content), median(run.seconds))
            self.state.put(key, found)
        return found

    def _size(self, levels: Sequence[int]) -> int:
        known = self.state.get("".join(map(str, levels)))
        return len(self._made(levels).content) if known is None else known.nbytes

    def _made(self, levels: Sequence[int]) -> Quantized:
        chosen = [_rule(o, self.ladder[n]) for o, n in zip(self.ops, levels, strict=True)]
        if all(n == self.top for n in levels):
            chosen = [Rule(FLOATS)]
        elif sum(n < self.top for n in levels) == 1:  # what only moves values stays beside it
            chosen = [Rule(FLOATS), *(r for r in chosen if r.scheme != FLOATS)]
        return self._quantized(chosen)

    def _quantized(self, chosen: Sequence[Rule] = ()) -> Quantized:
        # Of rules that fit the last one counts: ops that have a scheme of their own are no choice.
        rules = (*chosen, *self.rules)
        return quantize(self.model, self.scheme, data=self.data, rules=rules, **self.settings)

    def _own(self) -> frozenset[Place]:
        """Return the ops that are quantized because a rule says so."""
        found = self._quantized([Rule(FLOATS)]).report.quantized
        return frozenset((o.subgraph, o.index) for o in found)

    def _is_choice(self, outcome: Outcome) -> bool:
        """Say whether an op's scheme is to be chosen: it is quantized, and does more than move values."""
        op = self.model.subgraphs[outcome.subgraph].ops[outcome.index]
        if outcome.scheme == FLOATS:
            return False
        return not _only_moves(outcome) or sum(t is not None and not t.is_constant for t in op.inputs) > 1

    def _moves(self, outcome: Outcome) -> bool:
        return self.scheme in ACTIVATIONS and _only_moves(outcome)

    def _drop(self, trial: Trial) -> float:
        return self.base - trial.score - 1e-9  # shares of samples are no exact numbers

    def _amount(self, drop: float) -> str:
        return f"{100 * drop:g} points" if self.judge.metric in METRICS else f"{drop:g}"

    def _found(self, levels: Sequence[int]) -> SearchResult:
        self._try(levels)
        schemes = self._schemes(levels)
        chosen = next(t for t in self.tried if t.schemes == schemes)
        alone = [self._sensitivity(i, 0) for i in range(len(self.ops))]
        alone.sort(key=self._harm, reverse=True)
        return SearchResult(
            self._made(levels), chosen, self.judge.metric, self.base, tuple(alone), tuple(self.tried)
        )


def _improved(settings: dict[str, Any], has_gates: bool) -> bool:
    """Say whether weights are made better with samples, so that each trial needs these."""
    names = ("effort", "equalize", "bias_correction", "rounding")
    wishes = Wishes(**{n: settings[n] for n in names if n in settings})
    settled = wishes.settled(settings.get("weights", "int8"), True, has_gates=has_gates)
    return settled.needs_samples or bool(settled.equalize)


def _counted(progress: Progress, what: str, of: int) -> Callable[[], None]:
    """Return a function that tells of one more each time."""
    done = itertools.count(1)
    return lambda: progress(what, next(done), of)


def _only_moves(outcome: Outcome) -> bool:
    return outcome.op in SPECS and SPECS[outcome.op].moves


def _rule(outcome: Outcome, scheme: str) -> Rule:
    """Return the rule for one op; its output may be called otherwise when an activation is part of it."""
    return Rule(scheme, op=outcome.op, index=(outcome.index,), subgraph=outcome.subgraph)
