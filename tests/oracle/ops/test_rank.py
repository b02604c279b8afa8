"""RANK against LiteRT."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph.model import Builder
from one_op import check


@pytest.mark.parametrize("shape", [(), (3,), (2, 1, 5), (0, 4)])
def test_it_gives_the_number_of_axes(shape: tuple[int, ...]) -> None:
    for dtype in ("float32", "int8", "bool", "complex64"):
        g = Builder()
        x = g.input(shape, dtype)
        g.op("RANK", [x], [g.tensor((), "int32")])
        check(g.model(), [np.zeros(shape, dtype)])
