"""Sums and results of quantized convolutions: taken where int32 and float32 hold them, else refused."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder, load_delegate


def refusals(filters: int, bias: int, out_scale: float, weight: int = 1) -> str:
    """Return why a 1 x 1 convolution of 4 channels is refused; one sum is 4 * 128 * weight + bias."""
    g = Builder()
    x = g.input((1, 2, 2, 4), "int8", scale=0.5, zero_point=0)
    w = g.constant(np.full((filters, 1, 1, 4), weight, np.int8), scale=0.5, zero_point=0)
    b = g.constant(np.full(filters, bias, np.int32), scale=0.25, zero_point=0)
    y = g.tensor((1, 2, 2, filters), "int8", scale=out_scale, zero_point=0)
    model = g.model([g.op("CONV_2D", [x, w, b], [y], version=3, padding="VALID", stride_w=1, stride_h=1)])
    graph = model.subgraphs[0]
    table = load_delegate("opencl", {"kernels": "gpu"}).table
    return " ".join(str(r) for r in table.refusals(graph.ops[0], graph))


@pytest.mark.parametrize("bias", [2**31 - 513, -(2**31) + 513])
def test_a_sum_just_inside_int32_is_taken(bias: int) -> None:
    assert refusals(3, bias, 1000.0) == ""


@pytest.mark.parametrize("bias", [2**31 - 512, -(2**31) + 512])
def test_a_sum_that_may_leave_int32_is_refused(bias: int) -> None:
    assert "sums up to 2.15e+09" in refusals(3, bias, 1000.0)


def test_a_result_of_too_many_steps_is_refused() -> None:
    """512 * 0.25 is 128: of 2**-15 each, 2**22 steps."""
    assert refusals(3, 0, 2.0**-14) == ""
    assert "4.19e+06 steps" in refusals(3, 0, 2.0**-15)


def test_no_filters_are_no_sums() -> None:
    assert refusals(0, 0, 1.0) == ""
