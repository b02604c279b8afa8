"""Floats are measured by the largest value that an op computes, before its fused activation."""

from __future__ import annotations

import numpy as np
from delegraph_conformance.catalogue import CaseName, case_of
from delegraph_conformance.distance import Distance, distance


def test_what_an_activation_cuts_off_counts_as_largest() -> None:
    clamped = case_of(CaseName("TRANSPOSE_CONV", 5, "float32:float32:float32", "RELU_N1_TO_1"))
    plain = case_of(CaseName("TRANSPOSE_CONV", 5, "float32:float32:float32"))

    assert clamped.largest == np.abs(plain.outputs[0]).max() > 10
    assert plain.largest == 0
    off = distance([clamped.outputs[0] * np.float32(0.5)], clamped.outputs, clamped.largest)
    assert isinstance(off, Distance)
    assert off.rtol == np.float32(0.5) / clamped.largest


def test_zeros_are_measured_by_themselves() -> None:
    off = distance([np.float32([0.1])], [np.float32([0])])
    assert isinstance(off, Distance)
    assert off.rtol == np.inf
