"""Beside ai-edge-quantizer: where the tests run, or in the environment of the Python that
DELEGRAPH_QUANTIZER names.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [
    str(HERE.parents[0] / folder) for folder in ("oracle", "benchmarks", "benchmarks/quantized")
]

Quantize = Callable[[str, Path, Path, Path], dict[str, float]]


def _python_of(who: str) -> tuple[str, dict[str, str]]:
    """Return the Python that has a quantizer, and its environment."""
    if not who.startswith("aeq"):
        return sys.executable, dict(os.environ)
    if importlib.util.find_spec("ai_edge_quantizer") is not None:
        return sys.executable, dict(os.environ)
    named = os.environ.get("DELEGRAPH_QUANTIZER")
    if not named:
        pytest.skip("ai-edge-quantizer is not installed: tox run -e quantizers")
    return named, {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


@pytest.fixture(scope="session")
def quantize() -> Quantize:
    """``quantize(who, model, samples, out)``: int8 in a process of its own; what it took."""

    def run(who: str, model: Path, samples: Path, out: Path) -> dict[str, float]:
        python, environment = _python_of(who)
        command = [python, str(HERE / "quantize_one.py"), who, str(model), str(samples), str(out)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr[-2000:]
        return dict(json.loads(done.stdout.splitlines()[-1]))

    return run


@pytest.fixture(scope="session", autouse=True)
def _litert_child() -> Iterator[None]:
    """End LiteRT's process when the session ends."""
    import litert

    yield
    litert.close()


TABLES = {
    "same": "int8 of the same samples: % of the float model's class, mask or box",
    "cost": "Quantizing to int8, in a process each: seconds of the processor, of the clock, peak MiB",
}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    import tables

    for name, title in TABLES.items():
        if rows := tables.rows_of(terminalreporter, name):
            terminalreporter.section(name)
            terminalreporter.write_line(tables.text(title, rows))
