"""RFFT2D against LiteRT."""

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


@settings(max_examples=40, deadline=None)
@given(
    shape=shapes(2, 4, 1, 9),
    height=st.sampled_from([1, 2, 4, 8]),
    width=st.sampled_from([2, 4, 8, 16]),
    computed=st.booleans(),
    seed=SEEDS,
)
def test_it_transforms_the_last_two_axes(
    shape: tuple[int, ...], height: int, width: int, computed: bool, seed: int
) -> None:
    g = Builder()
    x, length = g.input(shape, "float32"), operand(g, [height, width], computed)
    g.op("RFFT2D", [x, length], [g.tensor((*shape[:-2], height, width // 2 + 1), "complex64")])
    lengths = [np.array([height, width], np.int32)] if computed else []

    def exact(x: np.ndarray, *rest: Any) -> np.ndarray:
        return np.fft.rfft2(x.astype(np.float64), (height, width), axes=(-2, -1))

    check(g.model(), [inputs_for(x, seed), *lengths], exact64=exact)


def test_a_length_that_is_no_power_of_two_is_an_input_error() -> None:
    from delegraph_reference.kernels.rfft2d import SUPPORT

    g = Builder()
    x, length = g.input((4, 6), "float32"), g.input((2,), "int32")
    y = g.op("RFFT2D", [x, length], [g.tensor((4, 4), "complex64")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match=r"needs two lengths that are powers of two, found \(4, 6\)"):
        run(np.zeros((4, 6), np.float32), np.array([4, 6], np.int32))
