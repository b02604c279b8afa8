"""Measure models beside each other: their sizes, how good they are, where they differ, how fast."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from delegraph import Delegate, InputError, Model, fallbacks_unsaid, report_html, write_model

from ..bounds import model_of
from ..calibrate import read_samples
from .accuracy import Judge, Run, Score, scores
from .latency import Latency, latencies
from .layers import Layer, first_broken, layers
from .metric import Function, read_labels
from .sizes import Size, size_of
from .spilled_samples import Running, SpilledSamples

Source = Model | str | os.PathLike[str]
Progress = Callable[[str, int, int], None]  # what is done, how much of it is done, and how much there is


@frozen(eq=False)
class MeasuredModel:
    """What was measured of one model."""

    name: str
    path: str  # "" for a model that is no file
    size: Size
    scores: tuple[Score, ...] = ()
    decibels: float | None = None  # of the outputs: signal above noise, against the first model
    layers: tuple[Layer, ...] = field(default=(), repr=False)
    latencies: tuple[Latency, ...] = ()

    @property
    def first_broken(self) -> Layer | None:
        return first_broken(self.layers)


@frozen(eq=False)
class Measurement:
    """What was measured of several models, the first of which is the one of floats."""

    models: tuple[MeasuredModel, ...]
    samples: int  # that were run

    def __repr__(self) -> str:
        return f"<Measurement of {len(self.models)} models on {self.samples} samples>"

    def _repr_html_(self) -> str:
        from .measurement_text import render

        return report_html(render(self))

    def __str__(self) -> str:
        from .measurement_text import measurement_text

        return measurement_text(self)


def measure(
    models: Sequence[Source],
    *,
    data: Any = None,
    labels: Any = None,
    metric: str | Function | None = None,
    delegates: Sequence[str | Delegate] = ("reference",),
    engine: str | Delegate = "reference",
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    samples: int | None = None,
    layer_samples: int = 16,
    runs: int = 10,
    progress: Progress = lambda what, done, of: None,
) -> Measurement:
    """Measure models beside each other.

    :param models: files or models; the others are compared with the first.
    :param data: samples of the first model's inputs, see :func:`delegraph_optimize.calibrate.read_samples`.
    :param labels: a class for each sample, or a file of them.
    :param metric: a function beside what is measured anyway, see :mod:`delegraph_optimize.report.metric`.
    :param delegates: the delegates whose time is measured; empty: none.
    :param engine: the delegate that runs samples.
    :param layer_samples: compare the layers on so many samples; 0: do not.
    :param runs: that are timed, of each model on each delegate.
    :raises InputError: data, labels or models do not fit.
    """
    if not models:
        raise InputError("a report needs a model, found none")
    if data is None and (labels is not None or metric is not None):
        raise InputError("labels and metrics need samples: data")
    loaded = [model_of(m) for m in models]
    given = read_labels(labels) if isinstance(labels, (str, os.PathLike)) else labels
    with ExitStack() as closing:
        kept = None
        if data is not None:
            kept = SpilledSamples(
                loaded[0], read_samples(loaded[0], data, mean=mean, std=std, limit=samples)
            )
            closing.callback(kept.close)
        closing.enter_context(fallbacks_unsaid())
        runs_of = _runs(loaded, kept, metric, given, engine, progress, closing)
        done = [
            _measured(place, source, loaded, kept, runs_of, engine, layer_samples, progress)
            for place, source in enumerate(models)
        ]
        timed = latencies(loaded, delegates, runs, [_first(m, kept) for m in loaded])
        done = [evolve(one, latencies=times) for one, times in zip(done, timed, strict=True)]
        return Measurement(tuple(done), 0 if kept is None else len(kept))


def _runs(
    models: Sequence[Model],
    kept: SpilledSamples | None,
    metric: str | Function | None,
    labels: Any,
    engine: str | Delegate,
    progress: Progress,
    closing: ExitStack,
) -> list[Run]:
    """Return what each model did on the samples."""
    if kept is None:
        return []
    done, of = 0, len(kept) * len(models)

    def step() -> None:
        nonlocal done
        done += 1
        progress("samples", done, of)

    judge = Judge(models[0], kept, metric=metric, labels=labels, engine=engine, step=step)
    closing.callback(judge.close)
    return [judge.base, *(judge.run(m, step) for m in models[1:])]


def _measured(
    place: int,
    source: Source,
    models: Sequence[Model],
    kept: SpilledSamples | None,
    found: Sequence[Run],
    engine: str | Delegate,
    layer_samples: int,
    progress: Progress,
) -> MeasuredModel:
    model = models[place]
    progress("layers", place, len(models))
    path = "" if isinstance(source, Model) else os.fspath(source)
    compared: tuple[Layer, ...] = ()
    if place:
        some = kept if layer_samples else None
        compared = layers(model, models[0], some, most=layer_samples, engine=engine)
    measured = MeasuredModel(
        Path(path).name or model.source or f"model {place}",
        path,
        size_of(model, _content(source)),
        scores(found[place], found[0] if place else None) if found else (),
        found[place].decibels if found and place else None,
        compared,
    )
    progress("layers", place + 1, len(models))
    return measured


def _first(model: Model, kept: SpilledSamples | None) -> dict[str, np.ndarray] | None:
    """Return the first sample as a model takes it; None where there is none of the main subgraph."""
    if kept is None or kept.signatures[0] is not None:
        return None
    signature, row = next(iter(kept))
    return Running.stored(model, signature, kept.names[signature], row)


def _content(source: Source) -> bytes | np.ndarray:
    """Return the bytes of a model's file, mapped where there is one."""
    if isinstance(source, Model):
        return write_model(source)
    return np.memmap(source, np.uint8, "r")
