"""Whichever delegate runs the samples, the calibration is the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from delegraph import read_model
from delegraph_optimize.calibrate import Calibration, calibrate, read_samples

MODELS = Path(__file__).parents[3] / "docs" / "models"
SLOW = pytest.param("opencl", marks=pytest.mark.slow)  # a kernel for each op is compiled


def calibrated(engine: str) -> Calibration:
    model = read_model(MODELS / "digits_float32.tflite")
    with np.load(MODELS / "digits_test.npz") as found:
        digits = found["x"][:8].astype(np.float32) / 16
    return calibrate(model, read_samples(model, digits), engine=engine)


@pytest.mark.parametrize("engine", ["litert", SLOW])
def test_an_engine_shows_what_the_reference_shows(engine: str) -> None:
    found, wanted = calibrated(engine).tensors, calibrated("reference").tensors
    assert found.keys() == wanted.keys()
    for name, seen in found.items():
        assert (seen.low, seen.high) == pytest.approx((wanted[name].low, wanted[name].high), abs=1e-5)
        assert seen.counts.sum() == wanted[name].counts.sum()
