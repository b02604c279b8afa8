"""Tries a broken file in a process of its own, with a limit of time and of memory."""

from __future__ import annotations

from pathlib import Path

import attrs
import litert
import numpy as np
from attrs import frozen
from child import Child, ChildDied
from delegraph.file import read_model
from one_op import difference
from specimens import specimens
from worker import inputs_of

SECONDS = 5.0
MAX_TENSOR_BYTES = 16 << 20
START_SECONDS = 60.0  # the worker's imports are in it
WRONG = ("died", "too slow", "too large", "wrong answer")
# Broken scales of hybrid ops, whose inputs are quantized while running, let small differences grow.
RTOL = 0.01  # of an output's largest value


@frozen
class Outcome:
    """What became of one file."""

    what: str  # "ran"; the name of a documented error; "bare X" or one of WRONG
    stage: str  # how far it came: "read", "prepare" or "run"
    message: str = ""
    seconds: float = 0.0
    peak: int = 0  # bytes by which the process grew at its largest
    outputs: tuple[np.ndarray, ...] = ()

    @property
    def is_wrong(self) -> bool:
        return self.what in WRONG or "bare " in self.what


def outcome_of(file: bytes) -> Outcome:
    """Read and run a file in the worker."""
    global _child
    if _child is None:
        _child = _started()
    try:
        outcome = Outcome(*_child.ask((file, MAX_TENSOR_BYTES), SECONDS))
    except ChildDied as e:
        _child = None
        return Outcome("too slow" if e.how == "timeout" else "died", "?", str(e))
    if outcome.peak > MAX_TENSOR_BYTES + 4 * len(file):
        message = f"{outcome.peak:,} bytes, then {outcome.what}: {outcome.message}"
        return Outcome("too large", outcome.stage, message, outcome.seconds, outcome.peak)
    return outcome


def beside_litert(file: bytes, outcome: Outcome) -> Outcome:
    """Return the outcome of a file that ran as LiteRT's run judges it; any other as it is.

    Weights broken into NaN or infinities reach further here (zero times infinity, at padded borders) than
    in LiteRT, which is no error.
    """
    if outcome.what != "ran" or litert.version() is None:
        return outcome
    try:
        with litert.loaded(file, timeout=4 * SECONDS) as model:
            theirs = model.run(inputs_of(model.details()["inputs"]))
    except litert.LiteRTError:
        return attrs.evolve(outcome, what="ran, LiteRT does not")
    pairs = zip(outcome.outputs, theirs, strict=True)
    ruled = {"rtol": RTOL, "zero_signs": False}  # of zeros: asked of each op alone, by tests/oracle
    problems = [p for mine, litert_s in pairs if (p := difference(mine, litert_s, **ruled))]
    if problems and not all(map(_is_finite, outcome.outputs)):
        return attrs.evolve(outcome, what="ran into NaN or infinities")
    if problems and not _has_usable_scales(file):
        return attrs.evolve(outcome, what="ran with scales that LiteRT's shifts cannot hold")
    if problems:
        return attrs.evolve(outcome, what="wrong answer", message="; ".join(problems))
    return attrs.evolve(outcome, what="ran as LiteRT does")


def close() -> None:
    """End the worker."""
    global _child
    if _child is not None:
        _child.close()
        _child = None


def _started() -> Child:
    """Return a worker that has run the intact files: what it imports for them is nobody's memory."""
    child = Child(Path(__file__).with_name("worker.py"))
    for file in specimens().values():
        child.ask((file, MAX_TENSOR_BYTES), START_SECONDS)
    return child


def _has_usable_scales(file: bytes) -> bool:
    """Say whether ratios of the file's scales are multipliers; what LiteRT makes of others is undefined."""
    tensors = [t for graph in read_model(file).subgraphs for t in graph.tensors]
    scales = [t.quantization.scale for t in tensors if t.quantization is not None]
    return all(((s > 1e-12) & (s < 1e12)).all() for s in scales)


def _is_finite(array: np.ndarray) -> bool:
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


_child: Child | None = None
