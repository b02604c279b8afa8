"""Every model of the collection, fed real inputs, gives what LiteRT's BUILTIN_REF gives.

Models with custom ops that only LiteRT's default resolver has are compared with that one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from statistics import median
from time import perf_counter
from typing import Any

import litert
import models
import numpy as np
import pytest
import tables
from delegraph import DelegraphError
from delegraph.interpreter import Interpreter
from inputs import inputs_of
from one_op import difference

WHOLE_MODEL_RTOL = 1e-4  # of an output's largest value
VARIANTS = 2  # photographs, recordings or samples per model


# An index of a maximum decides where a value goes in this model: LiteRT's own result changes by 13 % in 418
# places when its input changes by 2e-7. This share of the values may differ.
UNSTABLE = {"float32/hair_segmentation.tflite": 0.01}


@pytest.mark.parametrize("name", models.parameters())
def test_a_model_gives_what_litert_gives(name: str, record_property: Callable[[str, Any], None]) -> None:
    path = models.path(name)
    resolver, details = _oracle(name)
    batches = [inputs_of(name, details["inputs"], variant) for variant in range(VARIANTS)]
    with Interpreter(model_path=str(path), num_threads=1) as ours, litert.loaded(path, resolver) as theirs:
        ours.allocate_tensors()
        pairs = [(_run(ours, batch), theirs.run(batch)) for batch in batches]
        record_property("models", _row(name, ours, pairs, batches[0]))
    problems = [
        f"input {variant}, output {k} {d['name']!r}: {problem}"
        for variant, (mine, litert_s) in enumerate(pairs)
        for k, d in enumerate(details["outputs"])
        if (problem := _problem(name, mine[k], litert_s[k]))
    ]
    assert not problems, "\n".join(problems)


def test_every_model_that_litert_runs_has_real_inputs() -> None:
    from inputs import SOURCES

    if not models.names():
        pytest.skip(models.NO_MODELS)
    refused = {"int8/person_detect"}
    assert {name.removesuffix(".tflite") for name in models.names()} - set(SOURCES) == refused


def _oracle(name: str) -> tuple[str, dict[str, Any]]:
    """Return the resolver to compare with, and LiteRT's details; skip a model that LiteRT does not run."""
    for resolver in ("BUILTIN_REF", "BUILTIN"):
        try:
            return resolver, litert.details(models.path(name), resolver)
        except litert.LiteRTCrashed:
            raise
        except litert.LiteRTError as e:
            refusal = _first_line(e)
    pytest.skip(f"LiteRT does not run it: {refusal}; delegraph: {_outcome(name)}")


def _problem(name: str, mine: np.ndarray, litert_s: np.ndarray) -> str | None:
    problem = difference(mine, litert_s, rtol=WHOLE_MODEL_RTOL)
    if problem and name in UNSTABLE:
        off = np.abs(mine - litert_s) > WHOLE_MODEL_RTOL * np.abs(litert_s).max()
        return None if off.mean() <= UNSTABLE[name] else problem
    return problem


def _run(interpreter: Interpreter, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


def _row(
    name: str, ours: Interpreter, pairs: Sequence[Any], inputs: Sequence[np.ndarray]
) -> dict[str, str]:
    mine, ref, default = _interleaved_medians(name, ours, inputs)
    ops, delegates = _who_ran(ours)
    return {
        "model": name.removesuffix(".tflite"),
        "ops": ops,
        "delegates: ops/partitions": delegates,
        "worst difference": worst(pairs),
        "ms": tables.milliseconds(mine),
        "REF ms": tables.milliseconds(ref),
        "/REF": tables.ratio(mine, ref),
        "default ms": tables.milliseconds(default),
        "/default": tables.ratio(mine, default),
    }


def worst(pairs: Sequence[tuple[Sequence[np.ndarray], Sequence[np.ndarray]]]) -> str:
    """Return the largest difference of any output: in steps, or relative to the output's largest value."""
    steps, relative = 0.0, 0.0
    for mine, litert_s in pairs:
        for a, b in zip(mine, litert_s, strict=True):
            if a.shape != b.shape:
                return "other shape"
            off = float(np.abs(a.astype(np.float64) - b).max(initial=0))
            if b.dtype.kind == "f":
                relative = max(relative, off / (float(np.abs(b).max(initial=0)) or 1.0))
            else:
                steps = max(steps, off)
    parts = [f"{steps:g} steps"] if steps else []
    parts += [f"{relative:.1e}"] if relative else []
    return ", ".join(parts) or "exact"


def _who_ran(interpreter: Interpreter) -> tuple[str, str]:
    subgraphs = interpreter.plan.subgraphs
    ops: Counter[str] = Counter()
    partitions: Counter[str] = Counter()
    for part in (p for s in subgraphs for p in s.partitions):
        ops[part.label] += len(part.ops)
        partitions[part.label] += 1
    folded = sum(len(s.folded) for s in subgraphs)
    labels = [f"{label}: {n}/{partitions[label]}" for label, n in ops.items()]
    labels += [f"folded: {folded}"] if folded else []
    return str(ops.total() + folded), ", ".join(labels)


def _interleaved_medians(
    name: str, ours: Interpreter, inputs: Sequence[np.ndarray]
) -> tuple[float, float | None, float | None]:
    """Return the median seconds of a run of delegraph, BUILTIN_REF and the default resolver."""

    def our_time() -> float:
        start = perf_counter()
        ours.invoke()
        return perf_counter() - start

    with ExitStack() as stack:
        runs = [our_time, *(_timer(stack, name, r, inputs) for r in ("BUILTIN_REF", "BUILTIN"))]
        first = [None if run is None else run() for run in runs]
        rounds = 3 if max(filter(None, first)) > 0.1 else 9
        times = [[None if run is None else run() for run in runs] for _ in range(rounds)]
    ours_s, ref_s, default_s = (_median(column) for column in zip(*times, strict=True))
    assert ours_s is not None
    return ours_s, ref_s, default_s


def _timer(
    stack: ExitStack, name: str, resolver: str, inputs: Sequence[np.ndarray]
) -> Callable[[], float] | None:
    """Return a function that runs the model once in LiteRT's process and gives its seconds, or None."""
    try:
        loaded = stack.enter_context(litert.loaded(models.path(name), resolver))
    except litert.LiteRTCrashed:
        raise
    except litert.LiteRTError:
        return None
    loaded.times(1, inputs)
    return lambda: loaded.times(1)[0]


def _median(seconds: Sequence[float | None]) -> float | None:
    known = [s for s in seconds if s is not None]
    return median(known) if known else None


def _outcome(name: str) -> str:
    """Return what delegraph makes of a model that LiteRT refuses; a bare exception fails the test."""
    try:
        with Interpreter(model_path=str(models.path(name))) as interpreter:
            interpreter.allocate_tensors()
            interpreter.invoke()
    except DelegraphError as e:
        return f"{type(e).__name__}: {_first_line(e)}"
    return "runs"


def _first_line(e: Exception) -> str:
    return str(e).splitlines()[0][:150]
