"""Loops give what LiteRT gives, whatever they carry: shapes that change, accumulators, loops inside.

DELEGRAPH_EXAMPLES makes more programs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from campaign import Program, examples, runs_of
from delegraph.file import write_model
from delegraph.interpreter import Interpreter
from hypothesis import given
from loops import SHAPE, programs

X = np.float32([[1, 2, 3], [-4, 5, -6]]).reshape(SHAPE)
# x, how often the loops are to run, and where they begin
RUNS = [[X, np.int32(3), np.int32(0)], [-X, np.int32(0), np.int32(1)], [X, np.int32(5), np.int32(2)]]


@pytest.mark.parametrize("keep_all", [False, True], ids=["as it is run", "every tensor kept"])
def test_loops_give_what_litert_gives(keep_all: bool) -> None:
    @examples(120)
    @given(program=programs())
    def check(program: Program) -> None:
        compare(program, ["reference"], experimental_preserve_all_tensors=keep_all)

    check()


def compare(program: Program, delegates: list[str], **settings: Any) -> None:
    file = bytes(write_model(program.model))
    wanted = runs_of(file, RUNS)
    with Interpreter(model_content=file, delegates=delegates, **settings) as ours:
        ours.allocate_tensors()
        for inputs, expected in zip(RUNS, wanted, strict=True):
            for d, value in zip(ours.get_input_details(), inputs, strict=True):
                ours.set_tensor(d["index"], value)
            ours.invoke()
            for d, array in zip(ours.get_output_details(), expected, strict=True):
                np.testing.assert_array_equal(ours.get_tensor(d["index"]), array, d["name"])
