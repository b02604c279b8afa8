"""What is done with each file of many: all that a process of its own must know, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ..answers import TASKS, AnswerSettings, Said, Seen, answer, warnings_of
from ..errors import DelegraphError, InputError
from ..numbers import real_from_stored
from ..report.records import plain
from ..text import escaped, plural, shortened
from ..values import field, frozen
from .opened import OpenedModel, Reading

VALUES = "values"  # what an answer is called that is of no task: the outputs' values
VALUE_COLUMNS = ("output", "index", "value")
MAX_VALUES = 4096  # of outputs that are no answer of a task, for a file

Judge = Callable[[Sequence[Said], Seen, Any], Any]  # gets the truth of a file; returns what JSON can hold


@frozen
class Job:
    """A model, how it is run, and what is kept of each file."""

    model: str
    delegates: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, str]] = field(factory=dict, hash=False)
    signature: str | None = None
    num_threads: int | None = None
    asked: AnswerSettings = field(factory=AnswerSettings)
    reading: Reading = field(factory=Reading)
    budget: Mapping[str, Any] = field(factory=dict, hash=False)  # and further settings of Interpreter
    keeps_outputs: bool = False  # as the model stores them; else what the answer is
    judge: Judge | None = None  # what is kept of an answer; None: its records
    policy: str = "greedy"

    def opened(self) -> OpenedModel:
        """Return the model in an interpreter."""
        return OpenedModel(
            self.model,
            self.delegates,
            self.options,
            signature=self.signature,
            num_threads=self.num_threads,
            policy=self.policy,
            asked=self.asked,
            reading=self.reading,
            **self.budget,
        )


@frozen(hash=False)
class Item:
    """One file of many."""

    number: int
    file: str
    truth: Any = None  # what a metric compares the answer with


@frozen(hash=False)
class Result:
    """What became of one file."""

    number: int
    file: str
    task: str | None = None
    records: tuple[Mapping[str, Any], ...] = ()
    outputs: Mapping[str, np.ndarray] = field(factory=dict, repr=False)
    judged: Any = None
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()  # what was done to the file, and how the task was guessed
    error: str | None = None

    def __repr__(self) -> str:
        if self.error is not None:
            said = f"error: {shortened(escaped(self.error), 100)}"
        else:
            said = plural(len(self.records), "record") if self.task else plural(len(self.outputs), "output")
        task = f"{escaped(self.task)}, " if self.task else ""
        return f"<Result of {shortened(escaped(self.file), 80)!r}: {task}{said}>"

    def _repr_html_(self) -> str:
        from ..report.notebook import report_html
        from .result_text import result_parts

        return "".join(map(report_html, result_parts(self)))


def results_of(job: Job, items: Sequence[Item]) -> list[Result]:
    """Return what becomes of files, in one process, which keeps the model open for the next ones."""
    return worked(opened_here(job), job, items)


def opened_here(job: Job) -> OpenedModel:
    """Return a job's model, opened when this process first needs it, for as long as the process lives."""
    return _opened(_Key(job)).opened


def worked(opened: OpenedModel, job: Job, items: Sequence[Item]) -> list[Result]:
    """Return what becomes of files: those that can be read are run together, as far as the model allows."""
    found: list[Result] = []
    samples, notices = {}, {}
    for item in items:
        told: list[str] = []
        try:
            samples[item.number] = opened.sample([item.file], told.append, whole=not job.keeps_outputs)
        except DelegraphError as e:
            found.append(Result(item.number, item.file, error=str(e)))
        notices[item.number] = told
    readable = [item for item in items if item.number in samples]
    try:
        outputs: Sequence[Any] = opened.run_samples([samples[i.number] for i in readable])
    except DelegraphError:
        if len(readable) < 2:
            raise
        return [*found, *(r for item in readable for r in _each(opened, job, item))]
    for item, stored in zip(readable, outputs, strict=True):
        found.append(_result(opened, job, item, samples[item.number], stored, notices[item.number]))
    return sorted(found, key=lambda r: r.number)


def _each(opened: OpenedModel, job: Job, item: Item) -> list[Result]:
    """Run one file alone, after a batch with it failed: whose fault it was is not known."""
    try:
        return worked(opened, job, [item])
    except DelegraphError as e:
        return [Result(item.number, item.file, error=str(e))]


def _result(
    opened: OpenedModel, job: Job, item: Item, sample: Any, stored: Any, told: Sequence[str]
) -> Result:
    seen = opened.seen(sample, stored)
    warnings = tuple(warnings_of(seen))
    if job.keeps_outputs:
        return Result(item.number, item.file, outputs=stored, warnings=warnings, notices=tuple(told))
    try:
        said = answer(seen)
        if job.judge is not None:
            judged = plain(job.judge(said, seen, item.truth))
            return Result(item.number, item.file, judged=judged, warnings=warnings, notices=tuple(told))
        task, records = _records(opened, said, stored)
    except InputError as e:
        return Result(item.number, item.file, error=str(e), notices=tuple(told))
    guess = [f"task {task}, a guess: {said[0].why}; --task changes it"] if said and said[0].is_guess else []
    return Result(item.number, item.file, task, records, warnings=warnings, notices=(*told, *guess))


def _records(
    opened: OpenedModel, said: Sequence[Said], stored: Mapping[str, np.ndarray]
) -> tuple[str, tuple[dict[str, Any], ...]]:
    if said:
        lines = ({"output": one.output, **line} for one in said for line in one.records)
        return said[0].task, tuple(plain(line) for line in lines)
    size = sum(array.size for array in stored.values())
    if size > MAX_VALUES:
        raise InputError(
            f"the outputs are of no known task, and have {size:,} values, more than {MAX_VALUES:,}: "
            "--task says what they are, and an .npz takes them as they are"
        )
    values = []
    for a in opened.outputs().outputs:
        real = real_from_stored(stored[a.name], a.tensor)
        values += [{"output": a.name, "index": i, "value": plain(v)} for i, v in enumerate(real.ravel())]
    return VALUES, tuple(values)


def columns_of(task: str) -> tuple[str, ...]:
    """Return the columns of a task's records in a file."""
    own = VALUE_COLUMNS if task == VALUES else ("output", *(c.rstrip(">") for c in TASKS[task].columns))
    return ("file", *own, "error")


class _Key:
    """A job as a key: two that are alike share what they opened."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def __hash__(self) -> int:
        return hash(self.job.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.job == other.job


class _Kept:
    def __init__(self, job: Job) -> None:
        self.opened = job.opened()


@cache
def _opened(key: _Key) -> _Kept:
    return _Kept(key.job)
