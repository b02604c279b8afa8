"""Quantize a model, and give the float view of one that is quantized."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

from attrs import evolve, field, frozen
from delegraph import Delegate, InputError, Model, Op, Plan, write_model

from .apply import Wanted, apply_schemes
from .asked import Asked, rules_of
from .bounds import model_of
from .calibrate import Calibration, Samples, calibrate, read_samples
from .calibrate.ranges import needs_histograms
from .calibrate.saved import tensor_keys
from .improve import (
    BEST,
    CANDIDATES,
    EQUALIZED,
    KeptSamples,
    Told,
    Wishes,
    best_method,
    engines_of,
    equalized,
    has_gates,
    has_images,
    improve,
    written_bytes,
)
from .prepared import FloatModel, Place
from .pruning import store_sparse_integers
from .report import Outcome, Report
from .rules import Rule
from .schemes import ACTIVATIONS, Verdict
from .spared import with_spared
from .target import Target, loaded_target, plan_for
from .writer import ModelEdit
from .written import Written

LOOKED_AT = 16  # samples, for what RELU6 lets through
Source = Model | str | os.PathLike[str]


@frozen(repr=False)
class Quantized(Written):
    """A quantized model, and what was done to make it."""

    model: Model
    report: Report
    content: bytes = field(repr=False)  # of the .tflite file
    calibration: Calibration | None = field(default=None, repr=False)  # of the prepared model
    plan: Plan | None = field(default=None, repr=False)  # for the target, where one was named
    # The same of integers in every op that LiteRT has them for: why the target would not take those.
    wished: Plan | None = field(default=None, repr=False)


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
    method: str | None = None,
    engine: str | Delegate = "reference",
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    samples: int | None = None,
    weights: str = "int8",
    block: int = 0,
    least: int | None = None,
    sparse: bool = False,
    effort: str = "normal",
    equalize: bool | None = None,
    bias_correction: bool | None = None,
    rounding: str | None = None,
    rounding_samples: int | None = None,
    mirror: bool = False,
    spare: bool | None = None,
    seed: int = 0,
    progress: Callable[[int], None] = lambda done: None,
    improving: Told = lambda done, of: None,
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
        ``entropy``; ``best`` tries them on a few samples. None: ``best`` for int8, ``minmax`` for
        int16x8; with ``effort`` ``fast`` or ``best`` the one or the other for both.
    :param engine: the delegate that runs the model on the samples.
    :param mean: of the pixels of images, with ``std``: real = (pixel - mean) / std.
    :param samples: use so many at most.
    :param weights: ``"int8"`` or ``"int4"``; ops without a kernel for int4 get int8.
    :param block: of ``dynamic`` with int4 weights: values of a FULLY_CONNECTED row that share a scale; 0:
        all.
    :param least: constants of fewer values stay as they are; None: what the scheme's documentation says.
    :param sparse: store int8 weights of FULLY_CONNECTED without blocks of 1 x 16 zeros, where that takes
        fewer bytes: of a model that was pruned so.
    :param effort: ``fast``, ``normal`` or ``best``: which method, and what of the next three is done, where
        there are data.
    :param equalize: make channels that one op makes and the next one reads equal in the weights of both.
    :param bias_correction: let sums have the mean that they have in floats.
    :param rounding: of weights: ``nearest``, ``gptq``, ``adaround`` or ``blocks``.
    :param rounding_samples: how many of the data rounding and corrections look at, at most; None: 64, or as
        many as fit in 1 GiB of memory.
    :param mirror: whether they look at the mirror images of these, too: of photographs, not of text.
    :param spare: where weights are int4: let those of the first and the last product, and of products
        with less than 2 % of all weights, be int8. None: with ``effort`` ``best``.
    :param seed: of the samples and rows that rounding looks at.
    :param progress: called with the number of samples that are done.
    :param improving: called with the number of ops whose weights are better now, and of all.
    :raises InputError: an argument is none of these, or data are needed and there are none.
    """
    outputs = inputs if outputs is None else outputs
    if method is None:
        method = {"fast": "minmax", "best": BEST}.get(effort)
    settings = Asked(scheme, inputs, outputs, weights, block, least, method, rules_of(rules))
    settings.check()
    wishes = Wishes(
        effort, equalize, bias_correction, rounding,
        seed=seed, looked_at=rounding_samples, mirrored=mirror, spare=spare,
    )  # fmt: skip
    wishes.check()
    given = model_of(model)
    ready = FloatModel.of(given)
    wishes = settled(wishes, settings, data is not None, ready.model)
    if mirror and not has_images(ready.model):
        raise InputError("mirror needs an input of images: float32, (batch, height, width, channels)")
    settings, notes = with_spared(settings, ready, bool(wishes.spare))
    wanted: Wanted = {p: settings.of(op, ready.origins[p], p[0]) for p, op in ready.ops()}
    delegates = None if target is None else loaded_target(target)
    found, some_kept = None, _kept_samples(wishes)
    some: Samples = ()
    if data is not None:
        some = some_kept.of(read_samples(given, data, mean=mean, std=std, limit=samples))
    if wishes.equalize:
        ready, some = _equalized(ready, some, engine)
    notes = [*ready.notes, *notes]
    if any(asked in ACTIVATIONS for asked, _ in wanted.values()):
        found = _loaded(calibration)
        if found is not None:
            _check_names(found, ready.model)
        if data is not None:
            counted = any(m == BEST or needs_histograms(m) for _, m in wanted.values())
            made = calibrate(ready.model, some, engine=engine, histograms=counted, progress=progress)
            found = made if found is None else found.merged(made)
            notes += found.of_one_value(ready.model)
        if found is None:
            raise InputError(
                f"scheme {scheme!r} needs samples of the model's inputs: data or a calibration"
            )
        if any(m == BEST and asked in ACTIVATIONS for asked, m in wanted.values()):
            if some_kept.samples or (method == BEST and found.method is None):
                trial = partial(trial_of, ready, settings, wanted, found, delegates)
                candidates = [c for c in CANDIDATES if found.has_histograms or not needs_histograms(c)]
                best, note = best_method(
                    ready.model, some_kept.samples, trial, engines_of(engine, delegates), candidates
                )
                notes.append(note)
                found = evolve(found, method=best)
            wanted = with_method(wanted, found.method or "minmax")
    edit, verdicts = apply_schemes(ready, settings, wanted, found, delegates)
    if wishes.needs_samples:
        for _ in some:  # of which calibration may have left none
            pass
        notes.append(
            improve(ready.model, edit, some_kept, wishes, engines_of(engine, delegates), improving)
        )
    if sparse:
        notes.append(store_sparse_integers(edit))
    result = finished(given, evolve(ready, notes=notes), edit, verdicts, wanted, scheme, found)
    if delegates is None:
        return result
    wished = apply_schemes(ready, settings, wanted, found, None)[0].model()
    return evolve(result, plan=plan_for(delegates, result.model), wished=plan_for(delegates, wished))


def _kept_samples(wishes: Wishes) -> KeptSamples:
    if wishes.looked_at is None:
        return KeptSamples(wishes.seed, mirrored=wishes.mirrored)
    return KeptSamples(wishes.seed, wishes.looked_at, is_bounded=False, mirrored=wishes.mirrored)


def settled(wishes: Wishes, settings: Asked, has_samples: bool, model: Model) -> Wishes:
    """Return the wishes with nothing left open."""
    if wishes.asked and not has_samples:
        raise InputError(f"{wishes.asked[0]} needs samples of the model's inputs: data")
    gates = any(has_gates(op) for graph in model.subgraphs for op in graph.ops)
    return wishes.settled(settings.weights, has_samples, settings.scheme, written_bytes(model), gates)


def _equalized(ready: FloatModel, some: Samples, engine: str | Delegate) -> tuple[FloatModel, Samples]:
    """Return a model with equalized channels, and the samples, of which the first had a look taken at."""
    rest = iter(some)
    first = list(islice(rest, LOOKED_AT))
    model, count, channels = equalized(ready.model, first, engine)
    notes = [*ready.notes, f"channels equalized: {count} pairs of ops"]
    notes += [f"biases absorbed by the next op: {channels} channels"] if channels else []
    return evolve(ready, model=model, notes=notes), chain(first, rest)


def _check_names(found: Calibration, model: Model) -> None:
    """:raises InputError: a calibration is of another model; or of this one with, and the model without
    equalized channels, or the other way round.
    """
    whole = [name for name in found.tensors if "::" not in name]  # without what ops hold inside
    there_too = len(set(whole) & set(_keys(model)))
    if whole and 2 * there_too <= len(whole):
        raise InputError(
            f"the calibration is of another model: {there_too} of its {len(whole)} tensors are in this one"
        )
    seen, there = ({n for n in names if n.endswith(EQUALIZED)} for names in (found.tensors, _keys(model)))
    if found.tensors and (seen - there or (there and not seen)):
        made = "with" if seen else "without"
        raise InputError(f"the calibration was made {made} equalized channels, and this model is not so")


def _keys(model: Model) -> list[str]:
    return list(tensor_keys(model).values())


def with_method(wanted: Wanted, method: str) -> Wanted:
    """Return what is wanted, with a method where the best was asked for."""
    return {place: (scheme, method if m == BEST else m) for place, (scheme, m) in wanted.items()}


def trial_of(
    ready: FloatModel,
    settings: Asked,
    wanted: Wanted,
    found: Calibration,
    delegates: Sequence[Delegate] | None,
    floats: Model,
    method: str,
) -> Model:
    """Return the model that a method gives of a model of the same ops, with floats at its border."""
    plain = evolve(settings, inputs="float", outputs="float")
    ready = evolve(ready, model=floats)
    return apply_schemes(ready, plain, with_method(wanted, method), found, delegates)[0].model()


def _loaded(given: Calibration | str | os.PathLike[str] | None) -> Calibration | None:
    return Calibration.load(given) if isinstance(given, (str, os.PathLike)) else given


def dequantize(model: Source) -> Quantized:
    """Return the float view of a quantized model, prepared as ``quantize`` prepares it."""
    given = model_of(model)
    ready = FloatModel.of(given)
    return finished(given, ready, ModelEdit(ready.model), {}, {}, "float32", None)


def finished(
    given: Model,
    ready: FloatModel,
    edit: ModelEdit,
    verdicts: Mapping[Place, Verdict],
    wanted: Wanted,
    scheme: str,
    calibration: Calibration | None,
) -> Quantized:
    """Return what an edited model became, and of each op of the given one what was done to it."""
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
