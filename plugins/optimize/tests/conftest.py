"""Tests that need no LiteRT: expected numbers are written out, or what the given model computes."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
import small


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """Let each test draw the same numbers, whichever ran before."""
    small.RNG.bit_generator.state = small.START
