"""What the table claims is delegated and right; what it refuses has a reason, and runs elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .catalogue import CaseName
from .collected import claims_without_case, try_authors_case, try_case
from .plugin import RESULT
from .trial import CaseOutcome


def test_op(
    case: CaseName, isolated: Callable[..., Any], pytestconfig: pytest.Config, record_property: Any
) -> None:
    outcome = isolated(try_case, case, _is_timed(pytestconfig))
    _check(outcome, record_property, op=case.op, version=case.version, types=case.types)


def test_authors_op(
    authors_case: str, isolated: Callable[..., Any], pytestconfig: pytest.Config, record_property: Any
) -> None:
    outcome = isolated(try_authors_case, authors_case, _is_timed(pytestconfig))
    _check(outcome, record_property, op=outcome.op, version=outcome.version, types=outcome.types)


def test_every_claim_has_a_case(claimed_op: str, isolated: Callable[..., Any]) -> None:
    untried = isolated(claims_without_case, claimed_op)
    if untried:
        pytest.fail("\n".join(untried), pytrace=False)


def _check(outcome: CaseOutcome, record_property: Any, **about: Any) -> None:
    record_property(RESULT, {**about, **outcome.recorded})
    if outcome.problem:
        pytest.fail(f"{outcome.kind}: {outcome.problem}", pytrace=False)


def _is_timed(config: pytest.Config) -> bool:
    return config.getoption("--report") is not None
