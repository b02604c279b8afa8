"""Whole models, generated from the ops that the delegate's table claims, come out right."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from .graphs.findings import findings
from .graphs.net import KINDS
from .subject import Subject


@pytest.mark.parametrize("kind", KINDS)
def test_graphs(
    kind: str, isolated: Callable[..., Any], pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    graphs = pytestconfig.getoption("--graphs")
    run, found = isolated(_found, kind, graphs, str(tmp_path), seconds=60 + 30.0 * graphs)
    if not run:
        pytest.skip(f"no graph of kind {kind} can be made of what the table claims")
    if found:
        pytest.fail("\n\n".join(found), pytrace=False)


def _found(subject: Subject, kind: str, graphs: int, folder: str) -> tuple[int, list[str]]:
    seeds = range(subject.seed, subject.seed + graphs)
    return findings(subject, kind, seeds, Path(folder), partial(print, file=sys.stderr, flush=True))
