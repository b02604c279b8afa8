"""What is said of a graph that fails: the smallest such graph, what it shows, and how to see it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import define, evolve, field
from delegraph import (
    Builder,
    Delegate,
    DelegraphError,
    Fallback,
    Graph,
    Model,
    Op,
    plan_model,
    shape_text,
    write_model,
)

from ..subject import Subject
from .case import Case
from .check import Ways, answered, cases, difference, outputs, ways
from .claims import Claims
from .code import builder_code
from .copies import Copier
from .known import known_case
from .reference_judge import judge, reference
from .shrink import shrunk

MOST = 3  # findings that are shrunk and told in full
Said = Callable[[str], object]


def findings(
    subject: Subject, kind: str, seeds: Sequence[int], folder: Path, say: Said
) -> tuple[int, list[str]]:
    """Return how many graphs of a kind were run, and what is wrong with those that fail.

    :param folder: where the smallest failing graphs are written.
    :param say: hears which graph comes next, in case that it ends the process.
    """
    run, right, failing = 0, Right(), list[tuple[Case, Ways]]()
    taken, refused = 0, list[Fallback]()  # ops
    for case in cases(kind, seeds, subject.delegate):
        run += 1
        path = _written(case, folder)
        say(f"{case.name}: {path}")
        seen = ways(case, subject.delegate)
        plan = plan_model(case.model, [subject.delegate, reference()], warn=False)
        taken += sum(len(p.ops) for p in plan.partitions if p.delegate is subject.delegate)
        refused += plan.fallbacks
        if seen.problem is None:
            right.add(case.model)
            path.unlink()
        else:
            say(f"{case.name} fails: {seen.problem}")
            failing.append((case, seen))
    found = [told(c, seen, subject, folder, right, _command(c, subject)) for c, seen in failing[:MOST]]
    if refused and not taken:  # limits, or what check() says
        claimed = f"the table takes the ops of {run} graphs"
        found.append(f"{claimed}, but none is delegated; the first one: {refused[0]}")
    return run, found


def known_findings(subject: Subject, name: str, kind: str, folder: Path, say: Said) -> list[str]:
    """Return what is wrong with a graph that was reported of others.

    :raises NotClaimed: the delegate does not take an op of it.
    """
    case = known_case(name, kind, Claims((subject.delegate, reference())))
    say(f"{case.name}: {_written(case, folder)}")
    seen = ways(case, subject.delegate)
    again = f"{_suite(subject)} -k '[{kind}-{name}]'"
    return [] if seen.problem is None else [told(case, seen, subject, folder, Right(), again)]


@define
class Right:
    """The shapes at which each op came out right in some graph."""

    shapes: dict[str, dict[str, None]] = field(factory=dict)  # by op

    def add(self, model: Model) -> None:
        for op in model.subgraphs[0].ops:
            self.shapes.setdefault(op.name, {})[_shapes(op)] = None

    def of(self, op: Op) -> list[str]:
        """Return other shapes than the op's."""
        return [text for text in self.shapes.get(op.name, ()) if text != _shapes(op)]


def told(case: Case, seen: Ways, subject: Subject, folder: Path, right: Right, command: str) -> str:
    """Shrink a graph that fails and return all about it."""
    delegate = subject.delegate

    def fails(smaller: Case) -> bool:
        try:
            return ways(smaller, delegate).is_like(seen)
        except DelegraphError:  # the judge does not run it
            return False

    small = shrunk(case, fails, judge)
    again = seen if small is case else ways(small, delegate)
    lines = [
        f"{case.name}: {again.problem}",
        *diagnoses(small, again, delegate, right),
        "The smallest graph that fails:",
        builder_code(small.model),
        f"written to {_written(evolve(small, name=case.name), folder)}",
        f"again: {command}",
    ]
    return "\n".join(lines)


def diagnoses(case: Case, seen: Ways, delegate: Delegate, right: Right) -> Iterable[str]:
    """Yield what the smallest graph shows about the fault."""
    if seen.run is not None and seen.kept is None:
        yield (
            "It is right when every tensor is kept: what the delegate fuses or stores in place reads a "
            "tensor that it no longer stores."
        )
    ops = case.model.subgraphs[0].ops
    if len(ops) != 1 or not seen.is_numbers:
        return
    (op,) = ops
    row = delegate.decide(op, case.model.subgraphs[0])[0]
    if row is not None:
        claimed = f"{op.name} claims steps={row.steps}, rtol={row.rtol:g}"
        yield f"{claimed}; measured: {_measured(case, delegate)}."
    if name := _ignored(case, op, delegate):
        yield name
    if shapes := right.of(op):
        yield f"{op.name} is wrong at {_shapes(op)}; it came out right at {'; at '.join(shapes[:3])}."


def _shapes(op: Op) -> str:
    return ", ".join("none" if t is None else shape_text(t.shape) for t in op.inputs)


def _measured(case: Case, delegate: Delegate) -> str:
    """Return how far an op is from the reference: in steps, or relative to the output's largest value."""
    with judge(case.model) as it:
        wanted = [it.run(batch) for batch in case.batches]
    pairs = zip(wanted, outputs(case, delegate), strict=False)
    flat = [(a, b) for right, ours in pairs for a, b in zip(right, ours, strict=True) if a.size]
    if any(a.shape != b.shape for a, b in flat) or not flat:
        return "another shape"
    with np.errstate(all="ignore"):
        off = max(float(np.abs(a.astype(np.float64) - b).max()) / _unit(a) for a, b in flat)
    return f"{off:.3g}" + (" of the largest value" if flat[0][0].dtype.kind == "f" else " steps")


def _unit(array: np.ndarray) -> float:
    return (float(np.abs(array).max()) or 1.0) if array.dtype.kind == "f" else 1.0


def _ignored(case: Case, op: Op, delegate: Delegate) -> str:
    """Say which attribute the result does not depend on, "" if it is none."""
    found = outputs(case, delegate)
    for name, value, default in _set(op):
        other = evolve(case, model=_with_option(case.model.subgraphs[0], op, name, default))
        try:
            if difference(found, answered(other, delegate), other) is None:
                return f"The result is that of {name}={default!r}: it ignores {name}={value!r}."
        except DelegraphError:  # this option cannot have this value
            continue
    return ""


def _set(op: Op) -> list[tuple[str, Any, Any]]:
    """Return the options that are not as the schema has them by default: name, value, default."""
    builder = Builder()
    builder.op(op.name, [], [builder.tensor((), "float32")])
    defaults = dict(builder.model().subgraphs[0].ops[0].options)
    pairs = [(name, value, defaults.get(name)) for name, value in op.options]
    return [(n, v, d) for n, v, d in pairs if d is not None and not np.array_equal(v, d)]


def _with_option(graph: Graph, op: Op, name: str, value: Any) -> Model:
    builder = Builder()
    copier = Copier(builder)
    for tensor in graph.inputs:
        copier.input(tensor)
    for each in graph.ops:
        copier.op(each, **({name: value} if each is op else {}))
    return builder.model([copier.tensors[t.index] for t in graph.outputs])


def _written(case: Case, folder: Path) -> Path:
    path = folder / f"{case.name}.tflite".replace(" ", "-")
    path.write_bytes(write_model(case.model))
    return path


def _command(case: Case, subject: Subject) -> str:
    kind, _, seed = case.name.split(" ")
    return f"{_suite(subject)} --seed {seed} --graphs 1 -k '[{kind}]'"


def _suite(subject: Subject) -> str:
    options = "".join(f" --delegate-option {name}={value}" for name, value in subject.options.items())
    return f"pytest --pyargs delegraph_conformance.test_graphs --delegate={subject.name}{options}"
