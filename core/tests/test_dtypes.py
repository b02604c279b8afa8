"""What is known of each type of a tensor's elements."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import DTYPES


@pytest.mark.parametrize("name", [n for n, d in DTYPES.items() if d.numpy.name == n and d.is_integer])
def test_limits_of_whole_types_are_those_of_numpy(name):
    info = np.iinfo(name)
    assert DTYPES[name].limits == (info.min, info.max)


def test_packed_types_have_the_limits_of_their_bits():
    packed = {name: d.limits for name, d in DTYPES.items() if d.is_packed}
    assert packed == {"int4": (-8, 7), "int2": (-2, 1), "uint4": (0, 15)}


def test_types_that_numpy_lacks_are_held_as_bits():
    assert {name for name, d in DTYPES.items() if d.is_bits} == {"bfloat16", "float8_e4m3fn", "float8_e5m2"}
