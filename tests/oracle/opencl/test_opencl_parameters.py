"""Quantization parameters on OpenCL: generated changes of every op's models, against LiteRT.

A few changes are drawn for each op, and some more of which the tables alone are asked;
``QUANTIZATION_CHANGES=all`` tries all of them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from compiled_quickly import compiled_quickly
from delegraph import load_delegate
from matrix.parameters import on_gpu_kernels, on_opencl, taken_by_one, tried
from matrix.recipe import recipes
from one_op_opencl import loaded

MOST = None if os.environ.get("QUANTIZATION_CHANGES") == "all" else 4  # of an op
FAMILIES = ("weighted", "elementwise", "reductions", "recurrent", "movement")
ASKED = None if MOST is None else 8  # of the tables, of an op
OPS = sorted(op for op, recipe in recipes().items() if recipe.family in FAMILIES)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Refusals are warnings of delegraph's log, and this is about refusals, and about what is read."""
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    with compiled_quickly():
        yield


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("op", OPS)
def test_a_parameter_is_consumed_as_litert_does_or_refused(op: str) -> None:
    wrong = [str(found) for found in tried(op, on_opencl, MOST) if found.problem]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("op", OPS)
def test_what_the_reference_refuses_of_parameters_opencl_refuses(op: str) -> None:
    tables = [d.table for d in (loaded(), load_delegate("reference"))]
    ours, theirs = (lambda op, graph, t=t: t.row_for(op, graph) is not None for t in tables)
    wrong = [str(found) for found in taken_by_one(op, ours, theirs, ASKED)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("op", [op for op in OPS if recipes()[op].family == "weighted"])
def test_sums_near_the_ends_of_int32_are_litert_s_or_refused(op: str) -> None:
    """Of GPU kernels, which add them up as real numbers."""
    wrong = [str(found) for found in tried(op, on_gpu_kernels, MOST, extreme=True) if found.problem]
    assert not wrong, "\n".join(wrong)
