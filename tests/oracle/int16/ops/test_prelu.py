"""PRELU of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from elementwise import check_op, model_of
from hypothesis import given, settings
from hypothesis import strategies as st
from int16s import all_int16, stored
from one_op import random_array, run_op
from strategies import SEEDS, scales


@pytest.mark.parametrize("shape", [(4, 5, 7), (1, 1, 7), (1, 5, 1)])
@settings(max_examples=40, deadline=None)
@given(
    x=stored(1e-5, 1e-1),
    scale=scales(1e-4, 0.1),
    zero_point=st.sampled_from([0, -128, 5]),
    factor=st.sampled_from([0.3, 1.0, 4.0]),
    seed=SEEDS,
)
def test_an_int8_alpha_is_bit_for_bit(
    shape: Any, x: Any, scale: float, zero_point: int, factor: float, seed: int
) -> None:
    arrays = [random_array("int16", (4, 5, 7), seed), random_array("int8", shape, seed + 1)]
    alpha = {"scale": scale, "zero_point": zero_point}
    y = {"scale": float(np.float32(x["scale"] * factor)), "zero_point": 0}
    check_op("PRELU", arrays, "int16", x, alpha, y)


def test_an_int16_alpha_is_what_it_says() -> None:
    """LiteRT reads it as int8: expected is what the same values give as int8."""
    x, outputs = all_int16().reshape(-1, 16), []
    slopes = np.arange(-128, 128, 16)
    stored = {"scale": 0.01, "zero_point": 0}
    for dtype in (np.int8, np.int16):
        arrays = [x, slopes.astype(dtype)]
        graph = model_of("PRELU", arrays, "int16", stored, stored, stored).subgraphs[0]
        outputs.append(run_op(graph.ops[0], graph, arrays)[0])
    np.testing.assert_array_equal(*outputs)
