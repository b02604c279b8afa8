"""SCATTER_ND on int16."""

from __future__ import annotations

import numpy as np
from delegraph import Builder, Interpreter


def test_updates_of_one_place_add_up_and_saturate() -> None:
    g = Builder()
    updates = g.input((4,), "int16", scale=0.5, zero_point=0)
    indices = g.constant(np.int32([[1], [0], [1], [1]]))
    y = g.tensor((3,), "int16", scale=0.5, zero_point=0)
    g.op("SCATTER_ND", [indices, updates, g.constant(np.int32([3]))], [y])
    found = Interpreter(model=g.model())(np.int16([30000, -5, 30000, -20000]))
    assert found.tolist() == [-5, 32767, 0]
