"""What is said of a graph that fails: the smallest such graph as builder code, and as a file."""

from __future__ import annotations

from pathlib import Path

import litert
from delegraph.file import write_model
from delegraph_conformance.graphs.case import Case
from delegraph_conformance.graphs.code import builder_code
from delegraph_conformance.graphs.shrink import shrunk

from .check import Failure, problem
from .litert_judge import judge
from .variants import VARIANTS


def smallest(failure: Failure, folder: Path, whole: bool = False) -> str:
    """Write the smallest graph that fails in the same way to a folder, and return all about it.

    :param whole: do not look for a smaller one.
    """
    variant = VARIANTS[failure.variant]

    def fails(case: Case) -> bool:
        try:
            said = problem(case, variant)
        except litert.LiteRTError:
            return False
        return said is not None and _is_same(said, failure.problem)

    case = failure.case if whole else shrunk(failure.case, fails, judge)
    said = failure.problem if case is failure.case else problem(case, variant)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{failure.case.name} {failure.variant}.tflite".replace(" ", "-")
    path.write_bytes(write_model(case.model))
    return f"{failure.case.name}, {failure.variant}: {said}\n{builder_code(case.model)}\nwritten to {path}"


def _is_same(one: str, other: str) -> bool:
    """Say whether two problems are of one sort: numbers, or the same error."""
    return one.startswith("run ") == other.startswith("run ")
