"""RANGE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from movement import operand
from one_op import check


@settings(max_examples=60, deadline=None)
@given(data=st.data(), dtype=st.sampled_from(["float32", "int32", "int64"]), computed=st.booleans())
def test_numbers_lie_delta_apart(data: Any, dtype: str, computed: bool) -> None:
    number = st.integers(-30, 30) if dtype != "float32" else st.floats(-30, 30, width=32)
    start, limit = data.draw(number), data.draw(number)
    delta = data.draw(number.filter(lambda d: abs(d) >= 0.1))
    delta = abs(delta) if limit >= start else -abs(delta)
    assume(start != limit)  # LiteRT's Python interface cannot read an empty tensor
    g = Builder()
    spec = [operand(g, v, computed, dtype) for v in (start, limit, delta)]
    resolver = "BUILTIN_REF" if dtype != "int64" else "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    g.op("RANGE", spec, [g.tensor((1,), dtype)], version=2 if dtype == "int64" else 1)
    given = [np.array(v, dtype) for v in (start, limit, delta)] if computed else []
    check(g.model(), given, resolver=resolver)


@pytest.mark.parametrize(("limit", "delta"), [(3, 0), (3, -1), (-3, 1)])
def test_a_delta_that_leads_nowhere_is_an_input_error(limit: int, delta: int) -> None:
    from delegraph_reference.kernels.range import SUPPORT

    g = Builder()
    spec = [g.input((), "int32") for _ in range(3)]
    y = g.op("RANGE", spec, [g.tensor((1,), "int32")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match=f"needs a delta that leads from 0 to {limit}, found {delta}"):
        run(*(np.array(v, np.int32) for v in (0, limit, delta)))
