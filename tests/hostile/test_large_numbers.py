"""Large numbers in options and operands cost neither memory nor time out of proportion to the tensors.

Some of the 20,000 models of each delegate are drawn: ``DELEGRAPH_EXAMPLES=100`` tries as many of each op.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from campaign import WANTED
from child import Child
from delegraph import load_delegate, write_model
from large_numbers import Case, cases, of_windows
from misshapen_cases import ops_of

SECONDS = 1.0  # of CPU
TIMEOUT = 60.0
PEAK = 160 << 20  # bytes; a tensor may have a tenth of it, all of a run less than half
DELEGATES = {"reference": 10, "opencl": 3}  # of how many ops


@pytest.fixture(scope="module")
def ask() -> Iterator[Any]:
    """Run a case in a process of limited memory; return what came of it, seconds and bytes."""
    child = Child(Path(__file__).with_name("demanding.py"))
    yield lambda name, case: child.ask((name, {}, write_model(case.model), case.arrays), TIMEOUT)
    child.close()


def problem(ask: Any, name: str, case: Case) -> str | None:
    what, seconds, peak = ask(name, case)
    if seconds > SECONDS or peak > PEAK:  # what a first run makes, for all later ones, does not count
        what, seconds, peak = ask(name, case)
    if seconds > SECONDS or peak > PEAK or "MemoryError" in what or what.startswith("bare"):
        return f"{case.change}: {seconds:.1f} s, {peak:,} bytes, {what}"
    return None


@pytest.mark.parametrize("name", [name for name in DELEGATES if find_spec(f"delegraph_{name}")])
def test_a_large_number_is_refused_or_costs_little(ask: Any, name: str) -> None:
    table = load_delegate(name).table
    draw = random.Random(0)
    ops = ops_of(table)
    drawn = [
        case
        for op in (ops if WANTED else draw.sample(ops, DELEGATES[name]))
        for case in _some(draw, list(cases(op, table)))
    ]
    found = [p for case in drawn if (p := problem(ask, name, case))]
    assert not found, "\n".join(found)


def _some(draw: random.Random, found: list[Case]) -> list[Case]:
    return draw.sample(found, min(WANTED or 3, len(found)))


def test_windows_that_pass_over_most_of_what_is_padded_are_refused(ask: Any) -> None:
    found = [p for case in of_windows() if (p := problem(ask, "reference", case))]
    assert not found, "\n".join(found)
