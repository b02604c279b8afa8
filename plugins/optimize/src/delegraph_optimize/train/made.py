"""``trainable(model)``: a model as a torch module; ``export(module)``: the model that came of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from delegraph import Delegate, InputError, Model, read_model

from ..apply import Wanted, apply_schemes
from ..asked import Asked, rules_of
from ..calibrate import Calibration, calibrate, read_samples
from ..calibrate.samples import Sample, of_signature, place_of
from ..improve import (
    BEST,
    CANDIDATES,
    KeptSamples,
    Wishes,
    best_method,
    engines_of,
    equalized,
    improve,
)
from ..pipeline import LOOKED_AT, Source, settled, trial_of, with_method
from ..prepared import FloatModel
from ..rules import Rule
from ..spared import with_spared
from ..target import Target, loaded_target
from .begin import Begun
from .constraints import WeightConstraint
from .edges import Bits, QuantizedEdges
from .exported import Origin, exported, with_constants
from .live_norm import normalized_ops
from .module import TrainableModel
from .torch_extra import need_torch

CALIBRATED = 100  # samples that say where ranges begin
RANGES = ("learned", "observed", "fixed")
Constraints = Mapping["str | int", WeightConstraint]


@frozen
class Making:
    """How a module is made of a model; see :func:`trainable`."""

    bits: tuple[int, int] | None = None
    rules: str | os.PathLike[str] | Iterable[Rule] | None = None
    calibration: Calibration | str | os.PathLike[str] | None = None
    method: str | None = None
    ranges: str = "learned"
    constraints: Constraints = field(factory=dict)
    seed: int = 0
    live_norm: bool = False
    effort: str = "normal"
    equalize: bool | None = None
    target: Target | None = None
    signature: str | None = None

    def check(self) -> None:
        """:raises InputError: a word is none of those known"""
        if self.ranges not in RANGES:
            raise InputError(f"ranges needs one of {', '.join(RANGES)}, found {self.ranges!r}")
        Wishes(self.effort, self.equalize).check()
        for name in ("target", "equalize"):
            if self.bits is None and getattr(self, name):
                raise InputError(f"{name} is of integers: it needs bits, found a training in floats")


def trainable(
    model: Source,
    data: Any = None,
    *,
    bits: tuple[int, int] | None = None,
    rules: str | os.PathLike[str] | Iterable[Rule] | None = None,
    calibration: Calibration | str | os.PathLike[str] | None = None,
    method: str | None = None,
    ranges: str = "learned",
    constraints: Constraints | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    seed: int = 0,
    effort: str = "normal",
    equalize: bool | None = None,
    target: Target | None = None,
    signature: str | None = None,
) -> TrainableModel:
    """Return a subgraph of a model as a torch module, whose parameters are the model's constants.

    It takes the inputs, a batch of them along the first axis, and gives the outputs, both in the model's
    order, in floats. A quantized model is trained as its float view.

    :param data: samples that say where ranges begin, with ``bits``; as :func:`quantize` takes them
    :param bits: of weights (2 to 8) and of activations (2 to 16); None: floats
    :param rules: other schemes for some ops, as :func:`quantize` takes them; ``float32`` leaves an op in
        floats
    :param calibration: a saved one, in place of ``data``
    :param method: how ranges come from samples, as :func:`quantize` has it
    :param ranges: of activations: ``learned`` by gradient, ``observed`` as moving averages, or ``fixed`` as
        calibration has them
    :param constraints: what weights have to be like, by the name or the number of the tensor
    :param mean: of the pixels of images, with ``std``: real = (pixel - mean) / std
    :param seed: of the samples that ``method="best"`` and the rounding of weights look at
    :param effort: ``fast``, ``normal`` or ``best``: how weights of 4 bits and biases begin, as
        :func:`quantize` has it, where there are data
    :param equalize: make channels that one op makes and the next one reads equal in the weights of both
    :param target: delegates that will run the model: what none of them takes as integers stays in floats.
        None: LiteRT
    :param signature: whose subgraph; None: the main one
    :raises InputError: PyTorch is not installed, or an argument is none of these
    """
    given = model if isinstance(model, Model) else read_model(model)
    how = Making(
        bits, rules, calibration, method, ranges, constraints or {}, seed,
        effort=effort, equalize=equalize, target=target, signature=signature,
    )  # fmt: skip
    if data is None:
        return made_trainable(given, None, how)
    place_of(given, signature)
    some = read_samples(given, of_signature(data, signature), mean=mean, std=std)
    return made_trainable(given, list(islice(some, CALIBRATED)), how)


def made_trainable(given: Model, some: Sequence[Sample] | None, how: Making) -> TrainableModel:
    """Return a model as a torch module; see :func:`trainable`.

    :param some: samples that have been read
    """
    need_torch()
    how.check()
    ready, place = FloatModel.of(given), place_of(given, how.signature)
    bits, begun = Bits.of(how.bits), Begun()
    if bits is None:
        edges, origin = QuantizedEdges.none_of(ready, place), Origin(given, Asked("float16"), {}, None)
    else:
        edges, origin, begun = _quantized(given, ready, place, some, bits, how)
    live = normalized_ops(given, ready, place) if how.live_norm else set()
    kept = by_number(edges.ready.model, place, how.constraints)
    module = TrainableModel(edges, how.ranges, kept, live, begun.steps)
    module.origin = origin
    for index, constraint in module.constraints.items():
        constraint.start(np.array(edges.graph.tensors[index].data))
    return module


def _quantized(
    given: Model, ready: FloatModel, place: int, some: Sequence[Sample] | None, bits: Bits, how: Making
) -> tuple[QuantizedEdges, Origin, Begun]:
    """Return the edges of a model with integers, whose constants are those to begin with."""
    settings = Asked(bits.scheme, weights=bits.stored, method=how.method, rules=rules_of(how.rules))
    settings.check()
    target = None if how.target is None else loaded_target(how.target)
    shown = (some or ())[:CALIBRATED]
    wishes = Wishes(how.effort, how.equalize, seed=how.seed)
    wishes = settled(wishes, settings, some is not None, ready.model)
    if bits.weights == 4:
        settings, notes = with_spared(settings, ready, bool(wishes.spare))
        ready = evolve(ready, notes=[*ready.notes, *notes])
    if wishes.equalize:
        model, pairs, _ = equalized(ready.model, shown[:LOOKED_AT])
        notes = [*ready.notes, f"channels equalized: {pairs} pairs of ops"]
        ready = FloatModel(model, ready.origins, notes)
    wanted: Wanted = {p: settings.of(op, ready.origins[p], p[0]) for p, op in ready.ops()}
    kept = KeptSamples(how.seed)
    found = _calibrated(ready, settings, wanted, kept, some, how, target)
    wanted = with_method(wanted, found.method or "minmax")
    edit, verdicts = apply_schemes(ready, settings, wanted, found, target)
    edges = QuantizedEdges.of(ready, place, bits, settings, wanted, found, verdicts)
    edges = evolve(edges, stored=edit.model() if len(edit.graphs) > 1 else None)
    origin, begun = Origin(given, settings, wanted, found, target), Begun()
    if wishes.needs_samples and bits.weights in (4, 8):
        improve(ready.model, edit, kept, wishes, engines_of("reference", target))
        fixed = by_number(ready.model, place, how.constraints)
        begun = Begun.of(edges.graph, edit.graphs[place], how.ranges == "learned", fixed)
        edges = evolve(edges, ready=with_constants(ready, place, begun.constants))
    return edges, origin, begun


def export(module: TrainableModel) -> Model:
    """Return the model that a trained module stands for; its integers are those it computed with."""
    return exported(module, module.origin).model


def _calibrated(
    ready: FloatModel,
    settings: Asked,
    wanted: Wanted,
    kept: KeptSamples,
    some: Sequence[Sample] | None,
    how: Making,
    target: Sequence[Delegate] | None,
) -> Calibration:
    """Return where ranges begin: as ``quantize`` finds them for the same samples.

    :param kept: keeps some of the samples
    """
    shown = kept.of((some or ())[:CALIBRATED])
    given = how.calibration
    if given is not None:
        for _ in shown:
            pass
        return given if isinstance(given, Calibration) else Calibration.load(given)
    if some is None:
        raise InputError("quantization needs samples of the model's inputs: data or a calibration")
    found = calibrate(ready.model, shown)
    if not any(method == BEST for _, method in wanted.values()):
        return found
    trial = partial(trial_of, ready, settings, wanted, found, target)
    engines = engines_of("reference", target)
    best, _ = best_method(ready.model, kept.samples, trial, engines, CANDIDATES)
    return Calibration(found.tensors, best)


def by_number(model: Model, place: int, given: Constraints) -> dict[int, WeightConstraint]:
    """Return constraints by the number of the tensor.

    :raises InputError: there is no such tensor, it is no constant, or no constraint was given for it
    """
    graph = model.subgraphs[place]
    found: dict[int, WeightConstraint] = {}
    for key, constraint in given.items():
        named = [t for t in graph.tensors if key in (t.index, t.name)]
        if len(named) != 1 or named[0].data is None or named[0].dtype != "float32":
            raise InputError(f"a constraint needs one constant of floats, found {len(named)} named {key!r}")
        if not isinstance(constraint, WeightConstraint):
            kind = type(constraint).__name__
            raise InputError(f"a constraint needs start, step, is_met, apply and final, found {kind}")
        found[named[0].index] = constraint
    return found
