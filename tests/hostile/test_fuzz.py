"""The fuzzer for a while, each time from another seed, and the models that it once found, each again.

DELEGRAPH_FUZZ_SECONDS says how long (0: not at all), DELEGRAPH_FUZZ_SEED from which seed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest
from delegraph import Builder, read_model, write_model
from fuzz.campaign import Campaign
from fuzz.findings import KEPT, seed_of, target_of
from fuzz.mutants import mutant
from fuzz.remake import remade
from fuzz.shrink import fewest_changes, smallest
from fuzz.trials import Outcome, Trials

SECONDS = float(os.environ.get("DELEGRAPH_FUZZ_SECONDS") or 10)
FILES = sorted(KEPT.glob("*.tflite"))


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    with Trials() as found:
        yield found


@pytest.mark.parametrize("path", FILES, ids=[f.name for f in FILES])
def test_what_once_failed_does_no_more(path: Path, trials: Trials) -> None:
    outcome = trials.outcome(target_of(path), path.read_bytes(), seed_of(path))
    assert not outcome.is_finding, outcome


@pytest.mark.timeout(600)
def test_new_mutants(tmp_path: Path, trials: Trials, record_property: Callable[[str, Any], None]) -> None:
    seed = int(os.environ.get("DELEGRAPH_FUZZ_SEED") or random.SystemRandom().randrange(10**9))
    end = monotonic() + SECONDS
    # Where LiteRT returns memory that it never wrote, or no integers fit samples, only a person can say so.
    campaign = Campaign(seed, tmp_path, but=["run beside LiteRT"], trials=trials)
    while monotonic() < end:
        campaign.one()
    found = campaign.findings.first.values()
    again = f"python tests/hostile/fuzz --seed {seed} --count {campaign.mutants}"
    told = "\n".join([again, *(f"{f.outcome}\n{f.mutant}" for f in found)])
    record_property("fuzz", f"seed {seed}: {campaign.mutants} mutants, {campaign.trials} trials")
    if found:  # where numbers differ, somebody has to judge who is right
        record_property("fuzz", told)
    assert not any(f.outcome.hurts for f in found), told


def test_what_harms_nobody_is_a_finding_all_the_same() -> None:
    for what in ("differs", "differs from LiteRT", "made does not run", "LiteRT refuses what was made"):
        assert Outcome("compare", what).is_finding
        assert not Outcome("compare", what).hurts
    assert all(Outcome("run", what).hurts for what in ("bare KeyError", "died", "too slow", "too large"))


def test_a_seed_always_gives_the_same_mutant() -> None:
    assert [mutant(seed).data for seed in range(30)] == [mutant(seed).data for seed in range(30)]


def test_a_remade_model_differs() -> None:
    model = _sum_of_squares()
    different = [remade(model, seed)[0] for seed in range(40)]
    assert sum(write_model(m) != write_model(model) for m in different) > 30


def test_bare_exceptions_crashes_and_differences_are_findings() -> None:
    wrong = ("bare KeyError", "DelegateFailed of a bare TypeError", "died", "too slow", "overwritten")
    assert all(Outcome("run", what).is_finding for what in wrong)
    assert not any(Outcome("run", what).is_finding for what in ("ran", "ModelError", "UnsupportedOps"))


@pytest.mark.parametrize(("second", "is_finding"), [("ran", False), ("too slow", True)])
def test_what_was_too_slow_is_tried_once_more_in_a_process_of_its_own(
    second: str, is_finding: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    did: list[str] = []
    answers = iter(["too slow", second])
    monkeypatch.setattr(Trials, "_once", lambda self, target, *_: Outcome(target, next(answers)))
    monkeypatch.setattr(Trials, "_end", lambda self: did.append("ended"))
    assert Trials().outcome("run", b"", 0).is_finding == is_finding
    assert did == ["ended"]


def test_changes_and_ops_that_a_failure_does_not_need_are_left_out() -> None:
    small = read_model(smallest(write_model(_sum_of_squares()), _has_square)).subgraphs[0]
    assert [op.name for op in small.ops] == ["SQUARE"]
    many = next(m for m in map(mutant, range(200)) if len(m.edits) == 3)
    assert not fewest_changes(many, lambda file: True).edits


def _has_square(file: bytes) -> bool:
    return any(op.name == "SQUARE" for op in read_model(file).subgraphs[0].ops)


def _sum_of_squares() -> Any:
    g = Builder()
    x = g.input((2, 4), "float32")
    y = g.op("SQUARE", [x], [g.tensor((2, 4), "float32")])
    z = g.op("SUM", [y, g.constant(np.int32([1]))], [g.tensor((2,), "float32")])
    return g.model(outputs=[g.op("NEG", [z], [g.tensor((2,), "float32")])])
