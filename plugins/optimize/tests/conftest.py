"""Tests that need no LiteRT: expected numbers are written out, or what the given model computes."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from functools import partial

import pytest
import small
from delegraph_optimize import pipeline
from delegraph_optimize.improve import Wishes


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """Let each test draw the same numbers, whichever ran before."""
    small.RNG.bit_generator.state = small.START


@pytest.fixture(autouse=True)
def _few_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is learned of weights be learned in less time than users have."""
    monkeypatch.setattr(pipeline, "Wishes", partial(Wishes, iterations=150))
