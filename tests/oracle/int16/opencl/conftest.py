"""Tests of the int16 ops on OpenCL against LiteRT: skipped, with the reason, where there is no device.

``from one_op_opencl import run`` and ``from int16_opencl import check`` work in every test of this folder;
DELEGRAPH_GUARDS=1 guards its buffers, as in ``tests/oracle/opencl``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "opencl")]

import one_op_opencl  # noqa: E402
from guarded_tests import guarded, nothing_overwritten  # noqa: E402, F401


@pytest.fixture(scope="session", autouse=True)
def _device() -> None:
    if (why := one_op_opencl.unavailable()) is not None:
        pytest.skip(why)
