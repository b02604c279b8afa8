"""Choose the level of each op: the sensitivity of each is measured, then ops are moved one by one.

With ``max_drop`` all begin on their lowest level, and go up in the order that wins most per byte (or per
millisecond), until the drop is met; then what went up is tried lower again. With ``max_size`` all begin as
floats, and go down in the order that loses least per byte, until the size is met; then each is tried higher
where there is room. One level for all ops is tried as well: the result is never worse than that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain, count
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
from ..calibrate import Samples, read_samples
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
from .ladder import FLOATS, LADDERS, Level, ladder, named
from .state import SearchState, fingerprint

Priced = tuple[float, float]  # of the metric, and of the outputs' signal
Progress = Callable[[str, int, int], None]  # what is done, how much of it is done, and how much there is


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
        calibrating = partial(read_samples, given, data, limit=settings.get("samples"), **ways)
        judging = calibrating() if test is None else read_samples(given, test, **ways)
        kept = SpilledSamples(given, judging)
        closing.callback(kept.close)
        told = read_labels(labels) if isinstance(labels, (str, os.PathLike)) else labels
        work = _Search(
            given, scheme, data, kept, metric, told, per, rules_of(rules), settings, progress, closing
        )
        work.begin(state, read, () if test is None else calibrating())
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
    """A search in progress. A choice is a level of the ladder for each op."""

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
        self.ladder = ladder(scheme, settings.get("weights", "int8"))
        self.top = len(self.ladder) - 1
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
        self.ranges = made.calibration
        if made.calibration is not None and made.calibration.method is not None:
            self.settings["method"] = made.calibration.method  # found best once, kept in all trials
        if not _improved(settings, any(o.op == LSTM for o in made.report.outcomes)):
            self.settings["bias_correction"] = False  # which needs samples in each trial
            self.data, self.settings["calibration"] = None, made.calibration
        became = [_by_place(made), *(self._became(level) for level in self.ladder[1:-1])]
        self.ops = self._choices(became)
        self.alike = [self._alike(op, became) for op in self.ops]
        self.steps = [sorted(set(alike)) for alike in self.alike]
        self.names = self._names(became)
        self.moved = self._moved(became[0])
        self.state = SearchState(None, "")

    def _became(self, level: Level) -> dict[Place, Outcome]:
        """Return what ops become if all are to have a level: nothing, if the engine does not run that."""
        made = self._quantized([Rule(level.scheme, weights=level.weights)], is_better=False)
        return _by_place(made) if self._runs(made.model) else {}

    def _runs(self, model: Model) -> bool:
        engine = self.settings.get("engine", "reference")
        try:
            with (
                fallbacks_unsaid(),
                Interpreter(model=model, delegates=[engine], **limits()) as interpreter,
            ):
                interpreter.allocate_tensors()
        except UnsupportedOps:  # the reference delegate without delegraph-int16
            return False
        return True

    def _choices(self, became: Sequence[Mapping[Place, Outcome]]) -> list[Outcome]:
        """Return the ops whose level is to be chosen: some level has them, and no rule says a scheme."""
        own = self._own() if self.rules else frozenset()
        found: dict[Place, Outcome] = {}
        for outcomes in became:
            for place, outcome in outcomes.items():
                if place not in own and self._is_choice(outcome):
                    found.setdefault(place, outcome)
        return [found[place] for place in sorted(found)]

    def _alike(self, op: Outcome, became: Sequence[Mapping[Place, Outcome]]) -> list[int]:
        """Return for each level the lowest that makes the same of an op; floats where it is refused.

        LiteRT, the target and the engine have not every op in each level, and not every op has weights that
        could be of 4 bits.
        """
        found: list[int] = []
        lowest: dict[tuple[str, str], int] = {}
        for level, outcomes in enumerate(became):
            outcome = outcomes.get(_place(op))
            if outcome is None or outcome.scheme != self.ladder[level].scheme:
                found.append(self.top)
            else:
                found.append(lowest.setdefault((outcome.scheme, outcome.weights), level))
        return [*found, self.top]

    def _names(self, became: Sequence[Mapping[Place, Outcome]]) -> list[dict[int, str]]:
        """Return what each op is in each of its steps, in words."""
        found = []
        for op, steps in zip(self.ops, self.steps, strict=True):
            names = {level: named(became[level][_place(op)]) for level in steps[:-1]}
            found.append({**names, self.top: FLOATS})
        return found

    def _moved(self, became: Mapping[Place, Outcome]) -> list[tuple[Outcome, int]]:
        """Return the ops that only move values, each with the choice that writes these."""
        choices = {_place(op): i for i, op in enumerate(self.ops)}
        found = []
        for subgraph, graph in enumerate(self.model.subgraphs):
            writers: dict[int, int] = {}  # of a tensor: the choice
            for op in graph.ops:
                read = (writers[t.index] for t in op.inputs if t is not None and t.index in writers)
                choice = choices.get((subgraph, op.index), next(read, None))
                if choice is None:
                    continue
                writers.update((t.index, choice) for t in op.outputs)
                outcome = became[subgraph, op.index]
                if (subgraph, op.index) not in choices and self._moves(outcome):
                    found.append((outcome, choice))
        return found

    def begin(
        self, path: str | os.PathLike[str] | None, read: Iterable[str | os.PathLike[str]], more: Samples
    ) -> None:
        """Open the file that keeps what was tried.

        :param more: samples that trials calibrate with and learn from, where others judge
        """
        if path is None:
            return
        told = {n: repr(v) for n, v in sorted(self.settings.items()) if n not in ("calibration", "samples")}
        seen = {} if self.ranges is None else self.ranges.tensors
        ranges = [(n, s.low, s.high) for n, s in seen.items()]
        labels = None if self.judge.labels is None else self.judge.labels.tolist()
        rows = ((signature, list(values.values())) for signature, values in more)
        settings = self.ladder, self.judge.metric, labels, self.rules, told, ranges
        of = fingerprint(write_model(self.model), chain(self.samples, rows), *settings)
        self.state = SearchState(path, of, read)

    def within_drop(self, most: float) -> SearchResult:
        """Return the model after ops went back until the drop is met."""
        levels = [steps[0] for steps in self.steps]
        even = [found for found in self._even() if self._drop(self._try(found)) <= most]
        enough = min(even, key=lambda found: self._cost(self._try(found)), default=None)
        self._sensitivities(levels)
        while True:
            if enough is not None and self._cost(self._try(levels)) >= self._cost(self._try(enough)):
                levels = enough
            if self._drop(self._try(levels)) <= most:
                return self._found(self._again(levels, most))
            ready = [i for i, level in enumerate(levels) if level < self.top]
            if not ready:
                raise InputError(f"no choice loses {self._amount(most)} of {self.judge.metric} or less")
            best, levels[best] = self._way_up(levels, ready)
            self.progress("ops go back", sum(levels), self.top * len(levels))

    def within_size(self, most: int) -> SearchResult:
        """Return the model after ops were quantized until the size is met."""
        levels = [self.top] * len(self.ops)
        even = self._even()
        while self._try(levels).nbytes > most:
            ready = [i for i, level in enumerate(levels) if level > self.steps[i][0]]
            if not ready:
                break
            best, levels[best] = self._way_down(levels, ready)
            self.progress("ops are quantized", sum(self.top - n for n in levels), self.top * len(levels))
        met = [found for found in (levels, *even) if self._try(found).nbytes <= most]
        if not met:
            smallest = min(t.trial.nbytes for t in self.tried)
            raise InputError(
                f"no choice has {bytes_text(most)} or less; the smallest has {bytes_text(smallest)}"
            )
        levels = max(met, key=self._worth)
        self._back(levels, most)
        return self._found(levels)

    def _even(self) -> list[list[int]]:
        """Return the choices of one level for all ops, as far as they have it; the smallest first."""
        found = ([alike[level] for alike in self.alike] for level in range(self.top + 1))
        return [list(levels) for levels in dict.fromkeys(map(tuple, found))]

    def _way_up(self, levels: Sequence[int], ready: Sequence[int]) -> tuple[int, int]:
        """Return the op that wins most for its price when it goes back, and the level that does.

        What levels above give is measured only of an op that may be the best, all being won for nothing.
        """
        known: dict[int, tuple[Priced, int]] = {}
        while True:
            hopes = {i: self._priced(self._harm(self._sensitivity(i, levels[i])), 0.0) for i in ready}
            best = max(ready, key=lambda i: (known[i][0] if i in known else hopes[i], -i))
            if best in known:
                return best, known[best][1]
            above = [n for n in self.steps[best] if n > levels[best]]
            ways = [(self._lost(best, n, levels[best]), n) for n in above]
            known[best] = max(ways, key=lambda way: (way[0], -way[1]))

    def _way_down(self, levels: Sequence[int], ready: Sequence[int]) -> tuple[int, int]:
        """Return the op that loses least for what it wins when it is quantized further, and its level."""
        ways = []
        for i in ready:
            below = [n for n in self.steps[i] if n < levels[i]]
            ways += [(self._lost(i, levels[i], n, wins=True), i, n) for n in below]
        _, best, level = min(ways)
        return best, level

    def _again(self, levels: list[int], most: float) -> list[int]:
        """Return the cheapest choice after what went back was quantized again: all ops of a level at once,
        which need no conversions between them, then each op, the least sensitive first.
        """
        order = sorted(
            (i for i, level in enumerate(levels) if level > self.steps[i][0]),
            key=lambda i: self._lost(i, self.top, self.steps[i][0]),
        )
        together = [[i for i in order if levels[i] == level] for level in sorted(set(levels), reverse=True)]
        groups = [some for some in together if len(some) > 1] + [[i] for i in order]
        met, failed = [levels], set()
        for saves in (True, False):  # what saves nothing alone uses up none of the drop before what does
            for n, group in enumerate(groups):
                for lower in range(max(met[-1][i] for i in group)):
                    trial = self._lowered(met[-1], group, lower)
                    if (n, lower) in failed or trial == met[-1]:
                        continue
                    if saves and self._size(trial) >= self._size(met[-1]):
                        continue
                    if self._drop(self._try(trial)) <= most:
                        met.append(trial)
                        break
                    failed.add((n, lower))
                self.progress("ops are tried again", n + 1, len(groups))
        return min(met, key=lambda found: (self._cost(self._try(found)), *(-w for w in self._worth(found))))

    def _lowered(self, levels: Sequence[int], group: Sequence[int], lower: int) -> list[int]:
        """Return a choice in which what is above a level in a group is on it, as far as ops have that."""
        ways = [i in group and lower < n and lower in self.steps[i] for i, n in enumerate(levels)]
        return [lower if goes else n for goes, n in zip(ways, levels, strict=True)]

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
                if self._size(trial) <= most and self._worth(trial) > self._worth(levels):
                    levels[i] = higher
                    break
            self.progress("ops go back", n + 1, len(order))

    def _worth(self, levels: Sequence[int]) -> tuple[float, float]:
        trial = self._try(levels)
        return trial.score, -trial.noise

    def _cost(self, trial: Trial) -> float:
        return trial.seconds if self.per == "time" else trial.nbytes

    def _sensitivities(self, levels: Sequence[int]) -> None:
        """Measure each op alone at a level, the others being floats."""
        for i, level in enumerate(levels):
            self.progress("sensitivity of ops", i, len(self.ops))
            self._sensitivity(i, level)
        self.progress("sensitivity of ops", len(self.ops), len(self.ops))

    def _sensitivity(self, op: int, level: int) -> Sensitivity:
        """Return what an op costs and wins at a level of the ladder, all others being floats."""
        outcome = self.ops[op]
        floats = self._trial([self.top] * len(self.ops))
        if level == self.top:
            one = floats
        elif self._moves(outcome):  # alone it stays floats: what it does shows among quantized ops
            all_ = [alike[level] for alike in self.alike]
            floats, one = self._trial([*all_[:op], self.top, *all_[op + 1 :]]), self._trial(all_)
        else:
            one = self._trial([level if i == op else self.top for i in range(len(self.ops))])
        return Sensitivity(
            _place(outcome),
            outcome.op,
            outcome.name,
            self.names[op][level],
            floats.score - one.score,
            one.noise - floats.noise,
            floats.nbytes - one.nbytes,
            floats.seconds - one.seconds,
        )

    def _harm(self, alone: Sensitivity) -> Priced:
        return max(alone.drop, 0.0), max(alone.noise, 0.0)

    def _lost(self, op: int, above: int, below: int, wins: bool = False) -> Priced:
        """Return what an op loses for its price from one level to a lower one.

        :param wins: whether a step that makes the file no smaller is the worst
        """
        more, less = self._sensitivity(op, below), self._sensitivity(op, above)
        if wins and self.per == "size" and more.nbytes <= less.nbytes:
            return np.inf, np.inf
        drop, noise = (max(b - a, 0.0) for a, b in zip(self._harm(less), self._harm(more), strict=True))
        if self.per == "time":
            return self._priced((drop, noise), more.seconds - less.seconds)
        # What an op without weights takes alone, for conversions, is what it saves among quantized ones.
        return self._priced((drop, noise), abs(more.nbytes - less.nbytes))

    def _priced(self, harm: Priced, price: float) -> Priced:
        price = max(price, 1e-7 if self.per == "time" else 1.0)
        return harm[0] / price, harm[1] / price

    def _try(self, levels: Sequence[int]) -> Trial:
        """Return what a choice gives, and keep it for the front."""
        trial = self._trial(levels)
        schemes = self._schemes(levels)
        if all(t.schemes != schemes for t in self.tried):
            self.tried.append(Tried(schemes, trial))
        return trial

    def _schemes(self, levels: Sequence[int]) -> dict[Place, str]:
        named = zip(self.ops, self.names, levels, strict=True)
        return {_place(op): names[n] for op, names, n in named}

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
        chosen = [self.ladder[n].rule(op) for op, n in zip(self.ops, levels, strict=True)]
        if all(n == self.top for n in levels):
            chosen = [Rule(FLOATS)]
        elif sum(n < self.top for n in levels) == 1:  # what only moves values stays beside it
            chosen = [Rule(FLOATS), *(r for r in chosen if r.scheme != FLOATS)]
        else:
            moved = [(op, self.ladder[levels[choice]]) for op, choice in self.moved]
            chosen += [level.rule(op) for op, level in moved if level.scheme in ACTIVATIONS]
        return self._quantized(chosen)

    def _quantized(self, chosen: Sequence[Rule] = (), is_better: bool = True) -> Quantized:
        """Return the model that rules give; ``is_better``: with what the settings make better in it."""
        # Of rules that fit the last one counts: ops that have a scheme of their own are no choice.
        rules = (*chosen, *self.rules)
        plain = {} if is_better else {"bias_correction": False, "rounding": "nearest"}
        settings = {**self.settings, **plain}
        return quantize(self.model, self.scheme, data=self.data, rules=rules, **settings)

    def _own(self) -> frozenset[Place]:
        """Return the ops that are quantized because a rule says so."""
        found = self._quantized([Rule(FLOATS)], is_better=False).report.quantized
        return frozenset(map(_place, found))

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
        alone = [self._sensitivity(i, steps[0]) for i, steps in enumerate(self.steps)]
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
    done = count(1)
    return lambda: progress(what, next(done), of)


def _only_moves(outcome: Outcome) -> bool:
    return outcome.op in SPECS and SPECS[outcome.op].moves


def _by_place(made: Quantized) -> dict[Place, Outcome]:
    return {_place(o): o for o in made.report.outcomes}


def _place(outcome: Outcome) -> Place:
    return outcome.subgraph, outcome.index
