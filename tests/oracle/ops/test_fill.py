"""FILL against LiteRT."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph.model import Builder
from movement import operand
from one_op import check, inputs_for

TYPES = ["float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool", "complex64", "uint32"]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("kind", ["int32", "int64"])
@pytest.mark.parametrize("computed", [False, True])
def test_every_place_gets_the_value(dtype: str, kind: str, computed: bool) -> None:
    for shape in ((3,), (2, 1, 4)):
        g = Builder()
        dims, value = operand(g, shape, computed, kind), g.input((), dtype)
        g.op("FILL", [dims, value], [g.tensor(shape, dtype)])
        given = [np.array(shape, kind)] if computed else []
        check(g.model(), [*given, inputs_for(value, 3)])
