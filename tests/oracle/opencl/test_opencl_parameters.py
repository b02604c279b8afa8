"""Quantization parameters on OpenCL: generated changes of every op's models, against LiteRT.

A few changes are drawn for each op; ``QUANTIZATION_CHANGES=all`` tries all of them.
"""

from __future__ import annotations

import logging
import os

import pytest
from matrix.parameters import on_opencl, tried
from matrix.recipe import recipes

MOST = None if os.environ.get("QUANTIZATION_CHANGES") == "all" else 4  # of an op
FAMILIES = ("weighted", "elementwise", "reductions", "recurrent", "movement")
OPS = sorted(op for op, recipe in recipes().items() if recipe.family in FAMILIES)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Refusals are warnings of delegraph's log, and this is about refusals."""
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("op", OPS)
def test_a_parameter_is_consumed_as_litert_does_or_refused(op: str) -> None:
    wrong = [str(found) for found in tried(op, on_opencl, MOST) if found.problem]
    assert not wrong, "\n".join(wrong)
