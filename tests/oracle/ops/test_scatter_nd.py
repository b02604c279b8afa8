"""SCATTER_ND against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import operand
from one_op import check, inputs_for
from strategies import SEEDS, shapes


@settings(max_examples=60, deadline=None)
@given(
    shape=shapes(1, 4, 1, 4), picks=shapes(1, 2, 1, 4), data=st.data(), seed=SEEDS, computed=st.booleans()
)
def test_updates_of_one_place_add_up(
    shape: tuple[int, ...], picks: tuple[int, ...], data: Any, seed: int, computed: bool
) -> None:
    dtype = data.draw(st.sampled_from(["float32", "int8", "uint8", "int32", "int64", "bool"]))
    named = data.draw(st.integers(1, len(shape)))
    bits = np.random.PCG64(seed).random_raw(int(np.prod(picks)) * named).reshape(*picks, named)
    indices = (bits % np.array(shape[:named], np.uint64)).astype(np.int32)
    g = Builder()
    where, updates = g.input(indices.shape, "int32"), g.input((*picks, *shape[named:]), dtype)
    size = operand(g, shape, computed)
    g.op("SCATTER_ND", [where, updates, size], [g.tensor(shape, dtype)])
    given = [np.array(shape, np.int32)] if computed else []
    check(g.model(), [indices, inputs_for(updates, seed), *given])


def test_an_index_outside_is_an_input_error() -> None:
    from delegraph_reference.kernels.scatter_nd import SUPPORT

    g = Builder()
    spec = [g.input((1, 1), "int32"), g.input((1,), "float32"), g.input((1,), "int32")]
    y = g.op("SCATTER_ND", spec, [g.tensor((3,), "float32")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match="needs indices from 0 to 2, found 3"):
        run(np.array([[3]], np.int32), np.ones(1, np.float32), np.array([3], np.int32))
