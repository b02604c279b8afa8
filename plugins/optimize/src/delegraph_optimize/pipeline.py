"""Quantize a model, and give the float view of one that is quantized."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen
from delegraph import Delegate, InputError, Model, Op, Plan, read_model, write_file, write_model

from .calibrate import METHODS, Calibration, calibrate, read_samples
from .calibrate.ranges import needs_histograms
from .chosen_ranges import ChosenRanges
from .prepare import float_view, prepare
from .report import Outcome, Report
from .rules import Rule, read_rules
from .schemes import (
    ACTIVATIONS,
    INTEGERS,
    Verdict,
    integer_inputs,
    integer_outputs,
    make_dynamic,
    make_integer,
    store_smaller,
)
from .target import Target, loaded_target, plan_for, refused_by
from .writer import GraphEdit, ModelEdit, cleaned

SCHEMES = ("float16", "dynamic", "weights", *ACTIVATIONS)
BLOCKS = (32, 64, 128, 256)

Source = Model | str | os.PathLike[str]
Place = tuple[int, int]  # of an op: subgraph and index


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


@frozen
class Asked:
    """What ``quantize`` is asked for."""

    scheme: str
    inputs: str = "float"
    outputs: str = "float"
    weights: str = "int8"
    block: int = 0
    least: int | None = None
    method: str = "minmax"
    rules: tuple[Rule, ...] = ()

    def check(self) -> None:
        io = ("float", *INTEGERS)
        for name, found, known in (
            ("scheme", self.scheme, SCHEMES),
            ("weights", self.weights, ("int8", "int4")),
            ("block", self.block, (0, *BLOCKS)),
            ("inputs", self.inputs, io),
            ("outputs", self.outputs, io),
            ("method", self.method, tuple(METHODS)),
        ):
            if found not in known:
                raise InputError(f"{name} needs one of {', '.join(map(str, known))}, found {found!r}")

    def of(self, op: Op, index: int) -> tuple[str, str]:
        """Return the scheme of an op and the method of its ranges; ``index`` is its place in the given
        model.
        """
        scheme, method = self.scheme, self.method
        for rule in self.rules:
            if rule.fits(op, index):
                scheme, method = rule.scheme or scheme, rule.calibration or method
        return scheme, method


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
        ``entropy``.
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
    settings = Asked(scheme, inputs, outputs, weights, block, least, method, _rules(rules))
    settings.check()
    given = model if isinstance(model, Model) else read_model(model)
    ready = Prepared.of(given)
    wanted = {p: settings.of(op, ready.origins[p]) for p, op in ready.ops()}
    found = None
    if any(asked in ACTIVATIONS for asked, _ in wanted.values()):
        found = _loaded(calibration)
        if data is not None:
            some = read_samples(given, data, mean=mean, std=std, limit=samples)
            counted = any(needs_histograms(m) for _, m in wanted.values())
            made = calibrate(ready.model, some, engine=engine, histograms=counted, progress=progress)
            found = made if found is None else found.merged(made)
        if found is None:
            raise InputError(
                f"scheme {scheme!r} needs samples of the model's inputs: data or a calibration"
            )
    delegates = None if target is None else loaded_target(target)
    edit, verdicts = _for_target(ready, settings, wanted, found, delegates)
    result = _result(given, ready, edit, verdicts, wanted, scheme, found)
    plan = None if delegates is None else plan_for(delegates, result.model)
    return evolve(result, plan=plan)


def _rules(given: str | os.PathLike[str] | Iterable[Rule] | None) -> tuple[Rule, ...]:
    if isinstance(given, (str, os.PathLike)):
        return tuple(read_rules(given, SCHEMES, tuple(METHODS)))
    return tuple(given or ())


def _loaded(given: Calibration | str | os.PathLike[str] | None) -> Calibration | None:
    return Calibration.load(given) if isinstance(given, (str, os.PathLike)) else given


def dequantize(model: Source) -> Quantized:
    """Return the float view of a quantized model, prepared as ``quantize`` prepares it."""
    given = model if isinstance(model, Model) else read_model(model)
    ready = Prepared.of(given)
    return _result(given, ready, ModelEdit(ready.model), {}, {}, "float32", None)


@frozen
class Prepared:
    """A model of floats, ready to be quantized."""

    model: Model
    origins: dict[Place, int]  # of each op: its index in the model that was given
    notes: list[str]

    @classmethod
    def of(cls, given: Model) -> Prepared:
        edit = ModelEdit(given)
        was = float_view(edit)
        notes = [f"the model is quantized ({was}); its float view is what is used"] if was else []
        notes += prepare(edit)
        origins = {
            (place, i): -1 if node.source is None else node.source.index
            for place, graph in enumerate(edit.graphs)
            for i, node in enumerate(graph.nodes)
        }
        return cls(edit.model(), origins, notes)

    def ops(self) -> Iterable[tuple[Place, Op]]:
        return (((g, op.index), op) for g, graph in enumerate(self.model.subgraphs) for op in graph.ops)


Wanted = Mapping[Place, "tuple[str, str]"]  # scheme and method of each op of the prepared model


def _for_target(
    ready: Prepared,
    settings: Asked,
    wanted: Wanted,
    calibration: Calibration | None,
    target: Sequence[Delegate] | None,
) -> tuple[ModelEdit, dict[Place, Verdict]]:
    """Apply the schemes; again without what the target refuses, until it refuses nothing."""
    refused: dict[Place, str] = {}
    while True:
        edit, verdicts = _applied(ready, settings, wanted, calibration, refused)
        more = {} if target is None else refused_by(target, edit, verdicts)
        if not more:
            return edit, verdicts
        refused.update(more)


def _applied(
    ready: Prepared,
    settings: Asked,
    wanted: Wanted,
    calibration: Calibration | None,
    refused: Mapping[Place, str],
) -> tuple[ModelEdit, dict[Place, Verdict]]:
    edit = ModelEdit(ready.model)
    verdicts = {place: Verdict(False, why) for place, why in refused.items()}
    for place, graph in enumerate(edit.graphs):
        ranges = ChosenRanges(ready.model, place, calibration, wanted)
        asked = {id(n): (place, i) for i, n in enumerate(graph.nodes) if (place, i) not in refused}
        found = _by_schemes(graph, {key: wanted[p][0] for key, p in asked.items()}, settings, ranges)
        verdicts.update((asked[key], verdict) for key, verdict in found.items())
        if place in _entries(ready.model):
            if settings.inputs != "float":
                integer_inputs(edit, graph, settings.inputs, ranges)
            if settings.outputs != "float":
                integer_outputs(edit, graph, settings.outputs, ranges)
        cleaned(edit, graph)
    return edit, verdicts


def _entries(model: Model) -> set[int]:
    """Return the subgraphs that callers run."""
    return {0, *(s.subgraph for s in model.signatures)}


def _by_schemes(
    graph: GraphEdit, asked: Mapping[int, str], settings: Asked, ranges: ChosenRanges
) -> dict[int, Verdict]:
    """Apply to each op its scheme; return what became of each, by its ``id``."""
    found: dict[int, Verdict] = {}
    for scheme in SCHEMES:
        nodes = [node for node in graph.nodes if asked.get(id(node)) == scheme]
        if not nodes or scheme in ACTIVATIONS:
            continue
        if scheme == "dynamic":
            found.update(make_dynamic(graph, nodes, settings.weights, settings.block, settings.least))
        else:
            dtype = "float16" if scheme == "float16" else settings.weights
            found.update(store_smaller(graph, nodes, dtype, settings.least))
    types = {key: ACTIVATIONS[scheme] for key, scheme in asked.items() if scheme in ACTIVATIONS}
    if types:
        found.update(make_integer(graph, types, ranges, settings.weights))
    return found


def _result(
    given: Model,
    ready: Prepared,
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
