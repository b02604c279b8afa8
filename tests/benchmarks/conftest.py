"""Benchmarks: tables of times, no assertions about them. Run one at a time, on a quiet machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / "oracle"), str(Path(__file__).parent)]

TABLES = {
    "times": "Milliseconds of a run (medians of interleaved runs; ratios below 1: delegraph is faster)",
    "int16": "16x8 models, ms of a run (medians of interleaved runs; LiteRT: the fastest of its resolvers)",
    "opencl": "Milliseconds of a run on OpenCL, inputs and outputs included (medians, all in one process)",
    "opencl floats": "OpenCL beside others, ms of a run (ratios: medians of neighbors, and fastest runs)",
    "litert": "The LiteRT delegate beside LiteRT (medians of runs in turn, all in one process)",
    "first result": "A process until its first result: processor time and peak memory (medians, in turn)",
    "start stages": "Where that time goes, stage by stage (ms, medians, in turn)",
    "start": "OpenCL: ms from the constructor to the first result, without a cache entry and with one",
    "opencl rgba": "An RGBA image on OpenCL: cut to three channels first, and whole with input_channels=4",
    "throughput": "Images per second over a folder, on all cores (medians, in turn; above 1: faster)",
    "reference threads": "The reference on two threads (processors' ms, medians, in turn)",
    "reading": "Reading a file",
    "dispatch": "What an op costs besides its kernel",
    "preparing": "Long graphs: seconds until they can run",
}


@pytest.fixture(scope="session", autouse=True)
def _litert_child() -> Iterator[None]:
    """End LiteRT's process when the session ends."""
    import litert

    yield
    litert.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    import tables
    from machine import machine

    for name, title in TABLES.items():
        if rows := tables.rows_of(terminalreporter, name):
            terminalreporter.section(f"{name}, on {machine()}")
            terminalreporter.write_line(tables.text(title, rows))
