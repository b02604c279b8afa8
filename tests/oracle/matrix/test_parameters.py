"""Quantization parameters are consumed or refused: generated changes of every op's models, against LiteRT.

A few changes are drawn for each op; ``QUANTIZATION_CHANGES=all`` tries all of them (40,000, some minutes).
"""

from __future__ import annotations

import logging
import os

import pytest
from attrs import evolve
from delegraph import load_delegate
from delegraph.contract import SupportTable

from matrix import parameters, run
from matrix.parameters import Case, changes, on_reference, tried
from matrix.recipe import recipes

MOST = None if os.environ.get("QUANTIZATION_CHANGES") == "all" else 8  # of an op, in one delegate
FAMILIES = ("weighted", "elementwise", "reductions", "recurrent", "movement", "stablehlo", "custom")
OPS = sorted(op for op, recipe in recipes().items() if recipe.family in FAMILIES)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Refusals are warnings of delegraph's log, and this is about refusals."""
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("op", OPS)
def test_a_parameter_is_consumed_as_litert_does_or_refused(op: str) -> None:
    wrong = [str(found) for found in tried(op, on_reference, MOST) if found.problem]
    assert not wrong, "\n".join(wrong)


def test_a_kernel_that_takes_the_first_of_several_scales_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = load_delegate("reference").table.rows_of("MEAN")
    table = SupportTable("reference", [evolve(row, constraints=()) for row in rows])
    parameters._base.cache_clear()
    monkeypatch.setattr(run, "_table", lambda: table)
    wrong = [found for found in tried("MEAN", on_reference, None) if found.problem]
    parameters._base.cache_clear()
    assert {f.change.what for f in wrong} >= {"scales along axis 0", "zero points along axis 0"}


def test_weights_whose_zero_point_nobody_reads_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = load_delegate("reference").table.rows_of("FULLY_CONNECTED")
    table = SupportTable("reference", [evolve(row, constraints=()) for row in rows])
    parameters._base.cache_clear()
    monkeypatch.setattr(run, "_table", lambda: table)
    wrong = [found for found in tried("FULLY_CONNECTED", on_reference, None) if found.problem]
    parameters._base.cache_clear()
    of_weights = {
        f.problem for f in wrong if f.change.place == "input 1" and f.types == "float32:int8:float32"
    }
    assert "is left aside" in of_weights


def test_every_axis_and_zero_point_is_changed() -> None:
    draft = recipes()["FULLY_CONNECTED"].draft(12, "int8:int8:int32")
    op = draft.op_of(draft.model().subgraphs[0])
    made = {(c.place, c.what) for c in changes(op)}
    assert {("input 1", f"scales along axis {i}") for i in (0, 1)} <= made
    assert {(f"input {i}", "another zero point") for i in range(3)} <= made


def test_exceptions_name_ops_that_there_are() -> None:
    cases: tuple[Case, ...] = (*parameters.RIGHT, *parameters.UNREAD)
    assert {op for case in cases for op in case.ops.split()} <= set(recipes())
