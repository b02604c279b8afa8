"""Ops of constants, whose values are computed beforehand, reach whoever reads them: as LiteRT's do.

DELEGRAPH_EXAMPLES makes more cases.
"""

from __future__ import annotations

from campaign import Program, compare, examples
from folding import RUNS, chains, is_open
from hypothesis import given


@examples(150)
@given(program=chains())
def test_what_is_folded_reaches_its_readers(program: Program) -> None:
    compare(program, RUNS, is_open=is_open)
