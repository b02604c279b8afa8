"""Which cases of the catalogue are tried: all of what the table claims, some of the rest."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from delegraph_conformance import conftest
from delegraph_conformance.catalogue import CaseName, every_name


def cases(monkeypatch: pytest.MonkeyPatch, most: int | None, seed: int = 0) -> list[CaseName]:
    monkeypatch.setattr(conftest, "_listed", lambda config, listed: ["ADD", "MUL"])
    return conftest._cases(SimpleNamespace(getoption={"--cases": most, "--seed": seed}.get))


def test_what_is_claimed_is_tried_whole_and_some_of_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    claimed = [name for name in every_name() if name.op in ("ADD", "MUL")]

    tried = cases(monkeypatch, None)

    assert len(claimed) > 20
    assert [name for name in tried if name.op in ("ADD", "MUL")] == claimed
    assert len(tried) == len(claimed) + conftest.OTHERS
    assert len({name.op for name in tried}) > 30
    assert cases(monkeypatch, None, seed=1) != tried == cases(monkeypatch, None)


def test_a_number_of_cases_is_drawn_from_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(cases(monkeypatch, 7)) == 7
    assert cases(monkeypatch, 10**6) == list(every_name())
