"""SHAPE against LiteRT."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph.model import Builder
from one_op import check


@pytest.mark.parametrize("out_type", ["int32", "int64"])
@pytest.mark.parametrize("shape", [(3,), (2, 1, 5), (0, 4)])
def test_it_gives_the_sizes_of_the_axes(shape: tuple[int, ...], out_type: str) -> None:
    for dtype in ("float32", "int8", "bool", "complex64"):
        g = Builder()
        x = g.input(shape, dtype)
        g.op("SHAPE", [x], [g.tensor((len(shape),), out_type)], out_type=out_type.upper())
        check(g.model(), [np.zeros(shape, dtype)])
