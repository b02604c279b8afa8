"""What a process takes until the first result: processor time and peak memory, beside LiteRT's.

Each start is a process of its own, and they take turns. Caches are full: Python's modules, the runtime's
programs, the delegate's entries. What threads of BLAS spin after ``import numpy`` is in every row.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import models
import pytest
import tables

STARTS = 9  # of each, in turn
MODELS = ("float32/mobilenet_v2_1.0_224_float_from_ptq.tflite", "int8/tf2_mobilenet_v2_1.0_224_ptq.tflite")
IMPORTS = ("numpy", "delegraph")
RUNNERS = ("litert", "reference", "opencl")
STAGES = (
    "Python",
    "numpy",
    "imports",
    "plugins, rows",
    "pyopencl",
    "model read",
    "planned, prepared",
    "first run",
    "end",
)

# A process counts the memory of the one that it is forked from: this one has little.
SPAWN = """
import os, sys
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(bool(status))
"""

pytestmark = pytest.mark.slow


def test_an_import(tmp_path: Path, record_property: Callable[[str, Any], None]) -> None:
    _record(record_property, "import", _medians(IMPORTS, "", tmp_path), "numpy")


@pytest.mark.parametrize("model", MODELS)
def test_a_first_result(model: str, tmp_path: Path, record_property: Callable[[str, Any], None]) -> None:
    if models.folder() is None:
        pytest.skip(models.NO_MODELS)
    found = _medians(RUNNERS, str(models.path(model)), tmp_path)
    _record(record_property, Path(model).stem, found, "litert")


def test_where_a_first_result_goes(tmp_path: Path, record_property: Callable[[str, Any], None]) -> None:
    if models.folder() is None:
        pytest.skip(models.NO_MODELS)
    whom = (*RUNNERS, "pyopencl")
    found: dict[str, list[dict[str, float]]] = {who: [] for who in whom}
    for _ in range(2 + STARTS):
        for who in whom:
            found[who].append(_stages(who, str(models.path(MODELS[0])), tmp_path))
    for stage in (*STAGES, "in all"):
        medians = {who: median(one.get(stage, 0.0) for one in of[2:]) for who, of in found.items()}
        row = {who: tables.milliseconds(seconds) if seconds else "" for who, seconds in medians.items()}
        record_property("start stages", {"ms of processor time": stage, **row})


def _record(record: Callable[[str, Any], None], what: str, found: dict[str, Any], base: str) -> None:
    for who, (seconds, kib) in found.items():
        row = {
            "what": what,
            "who": who,
            "ms": tables.milliseconds(seconds),
            "MB": f"{kib / 1024:.0f}",
            "of": base,
            "time": tables.ratio(seconds, found[base][0]),
            "memory": tables.ratio(kib, found[base][1]),
        }
        record("first result", row)


def _medians(whom: tuple[str, ...], model: str, folder: Path) -> dict[str, tuple[float, float]]:
    """Return seconds and KiB of each; the first round fills the caches."""
    found: dict[str, list[tuple[float, int]]] = {who: [] for who in whom}
    for _ in range(1 + STARTS):
        for who in whom:
            found[who].append(_start(who, model, folder))
    return {who: tuple(map(median, zip(*of[1:], strict=True))) for who, of in found.items()}


def _start(who: str, model: str, folder: Path) -> tuple[float, int]:
    """Return seconds of processor time, of all threads, and the peak of resident memory in KiB."""
    seconds, kib = _run("first_result.py", who, model, folder)[-2:]
    return float(seconds), int(kib)


def _stages(who: str, model: str, folder: Path) -> dict[str, float]:
    """Return the seconds of each stage; the end is what comes after the result."""
    *told, seconds, _ = _run("start_stages.py", who, model, folder)
    stages: dict[str, float] = json.loads(" ".join(told))
    return stages | {"end": float(seconds) - sum(stages.values()), "in all": float(seconds)}


def _run(name: str, who: str, model: str, folder: Path) -> list[str]:
    """Return the words that a program prints, with the seconds and KiB that it took at their end."""
    program = str(Path(__file__).with_name(name))
    command = [sys.executable, program, who, model, str(folder / "entries")]
    done = subprocess.run(
        [sys.executable, "-S", "-c", SPAWN, *command],
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"{who} does not run here: {done.stderr.strip()[-100:]}")
    return done.stdout.split()


def _environment(folder: Path) -> dict[str, str]:
    kept = {"PYTHONPYCACHEPREFIX": str(folder / "modules"), "POCL_CACHE_DIR": str(folder / "pocl")}
    without = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return without | kept
