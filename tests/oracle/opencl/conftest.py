"""Tests of the OpenCL delegate against LiteRT: skipped, with the reason, where there is no OpenCL device.

``from one_op_opencl import check`` works in every test of this folder. DELEGRAPH_GUARDS=1 puts guards
around all buffers (``guards.py``): a test that writes beside one fails, one that reads there ends the
process.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import one_op_opencl
from guarded_tests import guarded, nothing_overwritten  # noqa: F401


@pytest.fixture(scope="session", autouse=True)
def _device() -> None:
    if (why := one_op_opencl.unavailable()) is not None:
        pytest.skip(why)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if rows := one_op_opencl.measured():
        terminalreporter.section("OpenCL: largest differences from LiteRT")
        for row in rows:
            terminalreporter.write_line(row)
