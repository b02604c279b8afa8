"""Small models for the delegate under test, and the parts of them that it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pytest
from attrs import frozen
from delegraph import Delegate, Interpreter, Model, Partition, Run, plan_model

from ..graphs.case import Case
from ..graphs.check import cases
from ..graphs.net import KINDS
from ..graphs.reference_judge import judge, reference
from ..subject import Subject

KINDS_OF_SAMPLES = 2  # the first ones of which the delegate takes something
OPS = 5  # that a sample has, or a few more

Check = Callable[[Subject], Iterator[str]]  # yields what is wrong


@frozen(eq=False)
class PartSample:
    """A partition of a sample, and what it is given."""

    case: Case
    partition: Partition
    given: tuple[list[np.ndarray], ...]  # values of its inputs, for each batch

    def __str__(self) -> str:
        ops = ", ".join(op.name for op in self.partition.ops)
        return f"{self.case.name}, partition of {ops}"


def samples(delegate: Delegate) -> Sequence[Case]:
    """Return small graphs of what the delegate takes; a test that needs one is skipped without."""
    if delegate not in _samples:
        _samples[delegate] = list(_first(delegate))
    if not _samples[delegate]:
        pytest.skip("no graph can be made of what the table claims")
    return _samples[delegate]


def _first(delegate: Delegate) -> Iterator[Case]:
    found = 0
    for kind in KINDS:
        for case in cases(kind, range(3, 4), delegate, OPS):
            yield case
            found += 1
        if found == KINDS_OF_SAMPLES:
            return


_samples: WeakKeyDictionary[Delegate, Sequence[Case]] = WeakKeyDictionary()


def parts(delegate: Delegate) -> Iterator[PartSample]:
    """Yield all that the delegate runs of the samples."""
    for case in samples(delegate):
        plan = plan_model(case.model, [delegate, reference()], warn=False)
        mine = [p for p in plan.partitions if p.delegate is delegate]
        with judge(case.model) as it:
            values = []
            for batch in case.batches:
                it.run(batch)
                values.append([list(it.tensors([t.index for t in p.inputs]).values()) for p in mine])
        for i, partition in enumerate(mine):
            yield PartSample(case, partition, tuple(of_batch[i] for of_batch in values))


def each_part(check: Callable[[PartSample, Delegate], str | None]) -> Check:
    """Turn a check of one part into a check of all; it returns what is wrong, or None."""

    @wraps(check)
    def of_all(subject: Subject) -> Iterator[str]:
        for part in parts(subject.delegate):
            said = check(part, subject.delegate)
            if said is not None:
                yield f"{part}: {said}"

    return of_all


def each_sample(check: Callable[[Case, Subject], str | None]) -> Check:
    """Turn a check of one sample into a check of all."""

    @wraps(check)
    def of_all(subject: Subject) -> Iterator[str]:
        for case in samples(subject.delegate):
            said = check(case, subject)
            if said is not None:
                yield f"{case.name}: {said}"

    return of_all


def ran(run: Run, given: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return copies of what a run returns."""
    return copied(run(*map(read_only, given)))


def copied(results: Sequence[Any]) -> list[np.ndarray]:
    """Return what results are now, which may be device values."""
    return [np.array(r) for r in results]


def read_only(array: np.ndarray) -> np.ndarray:
    view: np.ndarray = array.view()
    view.flags.writeable = False
    return view


def differing(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> int | None:
    """Return the number of the first array that is not the same bit for bit; None: all are."""
    pairs = zip(a, b, strict=True)
    return next((i for i, (x, y) in enumerate(pairs) if x.tobytes() != y.tobytes()), None)


def interpreter(model: Model, *delegates: Delegate) -> Interpreter:
    return Interpreter(model=model, delegates=[*delegates, reference()])


def answer(it: Interpreter, batch: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the outputs of a run."""
    graph = it.model.subgraphs[0]
    it.run({t.index: a for t, a in zip(graph.inputs, batch, strict=True)})
    return [np.asarray(it.get_tensor(t.index)) for t in graph.outputs]
