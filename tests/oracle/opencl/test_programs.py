"""Programs with loops, and with ops of constants, on OpenCL: as LiteRT runs them.

DELEGRAPH_EXAMPLES makes more programs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import folding
import loops
import pytest
from campaign import Program, compare, examples
from compiled_quickly import compiled_quickly
from hypothesis import given


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What the reference delegate takes over is a warning."""
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    with compiled_quickly():
        yield


@examples(12)
@given(program=folding.chains())
def test_what_is_folded_reaches_its_readers(program: Program) -> None:
    compare(program, folding.RUNS, is_open=folding.is_open, delegates=["opencl"])


@examples(12)
@given(program=loops.programs())
def test_loops_give_what_litert_gives(program: Program) -> None:
    compare(program, loops.RUNS, delegates=["opencl"])
