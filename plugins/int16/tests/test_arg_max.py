"""ARG_MAX and ARG_MIN on int16."""

from __future__ import annotations

import numpy as np
import pytest
from rational import run


@pytest.mark.parametrize(("op", "expected"), [("ARG_MAX", [1, 0]), ("ARG_MIN", [0, 2])])
def test_the_first_of_equals_is_found(op: str, expected: list[int]) -> None:
    x = np.int16([[-32768, 7, 7, -32768], [32767, 5, -9, -9]])
    found = run(op, [x, np.int32(1)], 0.5, shape=(2,), dtype="int64", output_type="INT64")
    assert found.tolist() == expected
