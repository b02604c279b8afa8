"""``trainable(model)``: a model as a torch module; ``export(module)``: the model that came of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from delegraph import InputError, Model, read_model

from ..apply import Wanted
from ..asked import Asked, rules_of
from ..calibrate import Calibration, calibrate, read_samples
from ..calibrate.samples import Sample
from ..improve import BEST, CANDIDATES, KeptSamples, best_method, engines_of
from ..pipeline import Source, trial_of, with_method
from ..prepared import FloatModel
from ..rules import Rule
from .constraints import WeightConstraint
from .edges import Bits, QuantizedEdges
from .exported import Origin, exported
from .live_norm import normalized_ops
from .module import TrainableModel
from .torch_extra import need_torch

CALIBRATED = 100  # samples that say where ranges begin
RANGES = ("learned", "observed", "fixed")
Constraints = Mapping["str | int", WeightConstraint]


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
) -> TrainableModel:
    """Return a model's main subgraph as a torch module, whose parameters are the model's constants.

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
    :param seed: of the samples that ``method="best"`` looks at
    :raises InputError: PyTorch is not installed, or an argument is none of these
    """
    given = model if isinstance(model, Model) else read_model(model)
    some = None if data is None else list(islice(read_samples(given, data, mean=mean, std=std), CALIBRATED))
    return made_trainable(given, some, bits, rules, calibration, method, ranges, constraints or {}, seed)


def made_trainable(
    given: Model,
    some: Sequence[Sample] | None,
    bits: tuple[int, int] | None,
    rules: str | os.PathLike[str] | Iterable[Rule] | None,
    calibration: Calibration | str | os.PathLike[str] | None,
    method: str | None,
    ranges: str,
    constraints: Constraints,
    seed: int,
    live_norm: bool = False,
) -> TrainableModel:
    """Return a model as a torch module; see :func:`trainable`.

    :param some: samples that have been read
    """
    need_torch()
    if ranges not in RANGES:
        raise InputError(f"ranges needs one of {', '.join(RANGES)}, found {ranges!r}")
    ready, place, of_each = FloatModel.of(given), 0, Bits.of(bits)
    if of_each is None:
        edges, origin = QuantizedEdges.none_of(ready, place), Origin(given, Asked("float16"), {}, None)
    else:
        settings = Asked(of_each.scheme, weights=of_each.stored, method=method, rules=rules_of(rules))
        settings.check()
        wanted: Wanted = {p: settings.of(op, ready.origins[p], p[0]) for p, op in ready.ops()}
        found = _calibrated(ready, settings, wanted, some, calibration, seed)
        wanted = with_method(wanted, found.method or "minmax")
        edges = QuantizedEdges.of(ready, place, of_each, settings, wanted, found)
        origin = Origin(given, settings, wanted, found)
    live = normalized_ops(given, ready, place) if live_norm else set()
    module = TrainableModel(edges, ranges, by_number(ready.model, place, constraints), live)
    module.origin = origin
    for index, constraint in module.constraints.items():
        constraint.start(np.array(edges.graph.tensors[index].data))
    return module


def export(module: TrainableModel) -> Model:
    """Return the model that a trained module stands for; its integers are those it computed with."""
    return exported(module, module.origin).model


def _calibrated(
    ready: FloatModel,
    settings: Asked,
    wanted: Wanted,
    some: Sequence[Sample] | None,
    calibration: Calibration | str | os.PathLike[str] | None,
    seed: int,
) -> Calibration:
    """Return where ranges begin: as ``quantize`` finds them for the same samples."""
    if calibration is not None:
        return calibration if isinstance(calibration, Calibration) else Calibration.load(calibration)
    if some is None:
        raise InputError("quantization needs samples of the model's inputs: data or a calibration")
    kept = KeptSamples(seed)
    found = calibrate(ready.model, kept.of(some[:CALIBRATED]))
    if not any(method == BEST for _, method in wanted.values()):
        return found
    trial = partial(trial_of, ready, settings, wanted, found, None)
    best, _ = best_method(ready.model, kept.samples, trial, engines_of("reference"), CANDIDATES)
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
            raise InputError(
                f"a constraint needs start, step, apply and final, found {type(constraint).__name__}"
            )
        found[named[0].index] = constraint
    return found
