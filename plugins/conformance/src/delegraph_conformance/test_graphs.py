"""Whole models, generated from the ops that the delegate's table claims, come out right."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from .child import Died
from .graphs.claims import NotClaimed
from .graphs.dying import smallest_that_dies
from .graphs.findings import findings, known_findings
from .graphs.known import SITUATIONS
from .graphs.net import KINDS
from .subject import Subject

KNOWN = [
    *((kind, name) for kind in ("float32", "int8") for name in SITUATIONS),
    ("hybrid", "residual_of_a_product"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_graphs(
    kind: str, isolated: Callable[..., Any], pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    graphs = pytestconfig.getoption("--graphs")
    try:
        run, found = isolated(_found, kind, graphs, str(tmp_path), seconds=120 + 60.0 * graphs)
    except Died as e:
        pytest.fail(f"{e}\n{smallest_that_dies(tmp_path, isolated)}", pytrace=False)
    if not run:
        pytest.skip(f"no graph of kind {kind} can be made of what the table claims")
    if found:
        pytest.fail("\n\n".join(found), pytrace=False)


def _found(subject: Subject, kind: str, graphs: int, folder: str) -> tuple[int, list[str]]:
    seeds = range(subject.seed, subject.seed + graphs)
    return findings(subject, kind, seeds, Path(folder), partial(print, file=sys.stderr, flush=True))


@pytest.mark.parametrize(("kind", "name"), KNOWN)
def test_graphs_that_others_computed_wrong(
    kind: str, name: str, isolated: Callable[..., Any], tmp_path: Path
) -> None:
    if found := isolated(_known, kind, name, str(tmp_path)):
        pytest.fail("\n\n".join(found), pytrace=False)


def _known(subject: Subject, kind: str, name: str, folder: str) -> list[str]:
    try:
        return known_findings(
            subject, name, kind, Path(folder), partial(print, file=sys.stderr, flush=True)
        )
    except NotClaimed as e:
        pytest.skip(f"the table takes no such {e}")
