"""Quantize a model, and give the float view of one that is quantized."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import evolve, field, frozen
from delegraph import Delegate, InputError, Model, Op, Plan, read_model, write_file, write_model

from .apply import Wanted, apply_schemes
from .asked import Asked, rules_of
from .calibrate import Calibration, calibrate, read_samples
from .calibrate.ranges import needs_histograms
from .improve import BEST, FirstSamples, best_method
from .prepared import FloatModel, Place
from .report import Outcome, Report
from .rules import Rule
from .schemes import ACTIVATIONS, Verdict
from .target import Target, loaded_target, plan_for
from .writer import ModelEdit

Source = Model | str | os.PathLike[str]


@frozen
class Quantized:
    """A quantized model, and what was done to make it."""

    model: Model
    report: Report
    content: bytes = field(repr=False)  # of the .tflite file
    calibration: Calibration | None = field(default=None, repr=False)  # of the prepared model
    plan: Plan | None = field(default=None, repr=False)  # for the target, where one was named

    def write(self, path: str | os.PathLike[str], read: Sequence[str | os.PathLike[str]] = ()) -> None:
        """Write the file: all or nothing, and never over a file of ``read``."""
        write_file(path, self.content, read)


def quantize(
    model: Source,
    scheme: str,
    *,
    data: Any = None,
    target: Target | None = None,
    inputs: str = "float",
    outputs: str | None = None,
    rules: str | os.PathLike[str] | Iterable[Rule] | None = None,
    calibration: Calibration | str | os.PathLike[str] | None = None,
    method: str = "minmax",
    engine: str | Delegate = "reference",
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    samples: int | None = None,
    weights: str = "int8",
    block: int = 0,
    least: int | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Quantized:
    """Return a smaller model.

    :param model: a model of floats, or a quantized one: its float view is quantized then.
    :param scheme: ``"float16"``: constants of half the size; ``"dynamic"``: integer weights beside float
        activations;
        ``"weights"``: integer weights that become floats when the model is loaded; ``"int8"`` and
        ``"int16x8"``: integer weights and activations of 8 or 16 bits.
    :param data: of int8 and int16x8: samples; see :func:`delegraph_optimize.calibrate.read_samples`.
    :param target: delegates that will run the model: what none of them takes as integers stays in floats.
        None: LiteRT.
    :param inputs: the type in which callers give float inputs: ``"float"``, ``"int8"``, ``"uint8"`` or
        ``"int16"``.
    :param outputs: the same of outputs; None: as ``inputs``.
    :param rules: other schemes for some ops: a TOML file, or :class:`Rule` values.
    :param calibration: a saved one, in place of ``data``; beside it, both are merged.
    :param method: how ranges come from what was seen: ``minmax``, ``average``, ``percentile``, ``mse``,
        ``entropy``; ``best`` tries them on a few samples.
    :param engine: the delegate that runs the model on the samples.
    :param mean: of the pixels of images, with ``std``: real = (pixel - mean) / std.
    :param samples: use so many at most.
    :param weights: ``"int8"`` or ``"int4"``; ops without a kernel for int4 get int8.
    :param block: of ``dynamic`` with int4 weights: values of a FULLY_CONNECTED row that share a scale; 0:
        all.
    :param least: constants of fewer values stay as they are; None: what the scheme's documentation says.
    :param progress: called with the number of samples that are done.
    :raises InputError: an argument is none of these, or data are needed and there are none.
    """
    outputs = inputs if outputs is None else outputs
    settings = Asked(scheme, inputs, outputs, weights, block, least, method, rules_of(rules))
    settings.check()
    given = model if isinstance(model, Model) else read_model(model)
    ready = FloatModel.of(given)
    wanted: Wanted = {p: settings.of(op, ready.origins[p]) for p, op in ready.ops()}
    delegates = None if target is None else loaded_target(target)
    found = None
    notes = list(ready.notes)
    if any(asked in ACTIVATIONS for asked, _ in wanted.values()):
        found, kept = _loaded(calibration), FirstSamples()
        if data is not None:
            some = kept.of(read_samples(given, data, mean=mean, std=std, limit=samples))
            counted = any(m == BEST or needs_histograms(m) for _, m in wanted.values())
            made = calibrate(ready.model, some, engine=engine, histograms=counted, progress=progress)
            found = made if found is None else found.merged(made)
        if found is None:
            raise InputError(
                f"scheme {scheme!r} needs samples of the model's inputs: data or a calibration"
            )
        if method == BEST:
            trial = partial(_trial, ready, settings, wanted, found, delegates)
            method, note = best_method(ready.model, kept, trial, engine)
            wanted = _with_method(wanted, method)
            notes.append(note)
    edit, verdicts = apply_schemes(ready, settings, wanted, found, delegates)
    result = _result(given, evolve(ready, notes=notes), edit, verdicts, wanted, scheme, found)
    plan = None if delegates is None else plan_for(delegates, result.model)
    return evolve(result, plan=plan)


def _with_method(wanted: Wanted, method: str) -> Wanted:
    return {place: (scheme, method if m == BEST else m) for place, (scheme, m) in wanted.items()}


def _trial(
    ready: FloatModel,
    settings: Asked,
    wanted: Wanted,
    found: Calibration,
    delegates: Sequence[Delegate] | None,
    method: str,
) -> Model:
    """Return the model that a method gives, with floats at its border."""
    plain = evolve(settings, inputs="float", outputs="float")
    return apply_schemes(ready, plain, _with_method(wanted, method), found, delegates)[0].model()


def _loaded(given: Calibration | str | os.PathLike[str] | None) -> Calibration | None:
    return Calibration.load(given) if isinstance(given, (str, os.PathLike)) else given


def dequantize(model: Source) -> Quantized:
    """Return the float view of a quantized model, prepared as ``quantize`` prepares it."""
    given = model if isinstance(model, Model) else read_model(model)
    ready = FloatModel.of(given)
    return _result(given, ready, ModelEdit(ready.model), {}, {}, "float32", None)


def _result(
    given: Model,
    ready: FloatModel,
    edit: ModelEdit,
    verdicts: Mapping[Place, Verdict],
    wanted: Wanted,
    scheme: str,
    calibration: Calibration | None,
) -> Quantized:
    made = edit.model()
    content = write_model(made)
    became = {(p[0], ready.origins[p]): (wanted[p][0], verdict) for p, verdict in verdicts.items()}
    there = {(p[0], i) for p, i in ready.origins.items()}
    outcomes = tuple(
        _outcome((place, op.index), op, became, scheme == "float32" or (place, op.index) in there)
        for place, graph in enumerate(given.subgraphs)
        for op in graph.ops
    )
    report = Report(scheme, outcomes, tuple(ready.notes), len(write_model(given)), len(content))
    return Quantized(made, report, content, calibration)


def _outcome(place: Place, op: Op, became: Mapping[Place, tuple[str, Verdict]], there: bool) -> Outcome:
    name = op.outputs[0].name if op.outputs else ""
    if place not in became:
        gone = "" if there else "folded or merged into another op"
        return Outcome(*place, op.name, name, "float32", gone)
    scheme, verdict = became[place]
    return Outcome(
        *place, op.name, name, scheme if verdict.done else "float32", verdict.reason, verdict.weights
    )
