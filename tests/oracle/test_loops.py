"""Loops give what LiteRT gives, whatever they carry: shapes that change, accumulators, loops inside.

DELEGRAPH_EXAMPLES makes more programs.
"""

from __future__ import annotations

import pytest
from campaign import Program, compare, examples
from hypothesis import given
from loops import RUNS, programs


@pytest.mark.parametrize("keep_all", [False, True], ids=["as it is run", "every tensor kept"])
def test_loops_give_what_litert_gives(keep_all: bool) -> None:
    @examples(120)
    @given(program=programs())
    def check(program: Program) -> None:
        compare(program, RUNS, delegates=["reference"], experimental_preserve_all_tensors=keep_all)

    check()
