"""From a graph that ends the delegate's process, or hangs, to the smallest one that does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from delegraph import DelegraphError, read_model, write_model

from ..child import Died
from ..subject import Subject
from .case import BATCHES, Case
from .check import outputs
from .code import builder_code
from .random_graph import inputs_of
from .reference_judge import judge
from .shrink import shrunk

SECONDS = 15.0  # that a small graph may take; one that hangs takes them each time

Call = Callable[..., Any]  # runs a function in the delegate's process; see child.Child.call


def smallest_that_dies(folder: Path, call: Call) -> str:
    """Return the smallest graph by which the process ends, found from the one that was run last.

    :param folder: where :func:`graphs.findings.findings` writes each graph before it is run.
    """
    files = sorted(folder.glob("*.tflite"), key=lambda file: file.stat().st_mtime_ns)
    if not files:
        return "no graph was run"
    model = read_model(files[-1])
    batches = tuple(inputs_of(model, 10 * i) for i in range(BATCHES))
    case = Case(files[-1].stem, model, batches)
    if not _dies(case, call):
        return f"the graph that was run last does not end the process by itself: {files[-1]}"
    small = shrunk(case, lambda smaller: _dies(smaller, call), judge, 8 * SECONDS)
    files[-1].write_bytes(write_model(small.model))
    return f"The smallest graph by which it ends:\n{builder_code(small.model)}\nwritten to {files[-1]}"


def _dies(case: Case, call: Call) -> bool:
    try:
        call(_run, write_model(case.model), case.batches, seconds=SECONDS)
    except Died:
        return True
    return False


def _run(subject: Subject, data: bytes, batches: Sequence[Sequence[np.ndarray]]) -> None:
    case = Case("", read_model(data), tuple(map(list, batches)))
    with suppress(DelegraphError):  # another fault
        outputs(case, subject.delegate)
