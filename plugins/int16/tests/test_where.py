"""WHERE on int16."""

from __future__ import annotations

import numpy as np
from rational import run


def test_places_that_are_not_zero_are_listed_in_order() -> None:
    found = run("WHERE", [np.int16([[0, -1], [5, 0]])], 0.5, shape=(2, 2), dtype="int64")
    assert found.tolist() == [[0, 1], [1, 0]]
