"""BATCH_MATMUL of int16 on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder
from int16_opencl import check, without_doubles
from one_op import random_array

STACKS = [((), ()), ((2, 3), (2, 3)), ((3,), (1,)), ((2, 1), (3,))]


def _product(y_type: str, stacks: Any, turns: Any, sizes: Any, constant: bool = False) -> Any:
    """Return one product whose outputs fill int16."""
    rows, depth, columns = sizes
    x_shape = (*stacks[0], depth, rows) if turns[0] else (*stacks[0], rows, depth)
    y_shape = (*stacks[1], columns, depth) if turns[1] else (*stacks[1], depth, columns)
    largest = 2.0**15 * np.sqrt(depth) * (2.0**15 if y_type == "int16" else 2.0**7)
    arrays = [random_array("int16", x_shape, 1), random_array(y_type, y_shape, 2)]
    g = Builder()
    x = g.input(x_shape, "int16", scale=0.1, zero_point=0)
    stored = {"scale": 0.02, "zero_point": 0}
    y = g.constant(arrays[1], **stored) if constant else g.input(y_shape, y_type, **stored)
    scale = float(np.float32(0.1 * 0.02 * largest / 30000))
    out = g.tensor((*np.broadcast_shapes(*stacks), rows, columns), "int16", scale=scale, zero_point=0)
    g.op("BATCH_MATMUL", [x, y], [out], adj_x=turns[0], adj_y=turns[1], version=4)
    return g.model(), arrays[:1] if constant else arrays


@pytest.mark.parametrize("y_type", ["int16", "int8"])
@pytest.mark.parametrize("stacks", STACKS)
@pytest.mark.parametrize("turns", [(False, False), (False, True), (True, False), (True, True)])
def test_products_are_bit_for_bit(y_type: str, stacks: Any, turns: Any) -> None:
    check(*_product(y_type, stacks, turns, (5, 31, 6)))


@pytest.mark.parametrize("y_type", ["int16", "int8"])
def test_products_of_real_sizes(y_type: str) -> None:
    check(*_product(y_type, ((2, 3), (2, 3)), (False, True), (49, 300, 64)))


@pytest.mark.parametrize("y_type", ["int16", "int8"])
def test_an_operand_may_be_a_constant(y_type: str) -> None:
    check(*_product(y_type, ((2, 3), (3,)), (False, False), (9, 30, 4), constant=True))


def test_devices_without_doubles_compute_the_same() -> None:
    with without_doubles():
        check(*_product("int16", ((2,), (2,)), (False, True), (9, 30, 4)))
