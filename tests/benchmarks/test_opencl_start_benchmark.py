"""From the constructor to the first result, without a cache entry and with one, on each OpenCL runtime.

Each start is a process of its own, and the runtimes' caches are off: PoCL's begins empty each time,
pyopencl's is not used. Python's own cache of compiled modules is full, as after an installation.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import models
import pytest
import tables
from delegraph import DelegraphError

STARTS = 3  # with an entry; the fastest counts
WARM = 0.10  # of the time without an entry
PREPARE = 0.1  # seconds, with an entry, for this model
MODEL = "float32/mobilenet_v2_1.0_224_float_from_ptq.tflite"
DOCUMENTED = ("mobilenet_v1_1.0", "mobilenet_v2_1.0", "deeplab", "ssd_mobilenet", "posenet")

pytestmark = pytest.mark.slow


def _devices() -> list[Any]:
    from delegraph_opencl.device import runtime

    try:
        return list(runtime.devices())
    except DelegraphError:
        return []


@pytest.mark.parametrize("name", models.parameters())
@pytest.mark.parametrize("device", _devices(), ids=lambda d: d.platform.replace("/", " ")[:60])
def test_time_to_the_first_result(
    name: str, device: Any, tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    if not any(part in name for part in DOCUMENTED):
        pytest.skip("not among the documented examples")
    _start(name, device, tmp_path, "first")
    found = [_start(name, device, tmp_path, "entries", number) for number in range(1 + STARTS)]
    cold, warm = found[0], min(found[1:], key=lambda seconds: seconds["process"])
    record_property(
        "start",
        {
            "model": name.removesuffix(".tflite"),
            "device": f"{device.name}, {device.platform}"[:60],
            "cold": tables.milliseconds(cold["start"]),
            "warm": tables.milliseconds(warm["start"]),
            "warm / cold": tables.ratio(warm["start"], cold["start"]),
            "process cold": tables.milliseconds(cold["process"]),
            "process warm": tables.milliseconds(warm["process"]),
            "process warm / cold": tables.ratio(warm["process"], cold["process"]),
            "imports": tables.milliseconds(warm["imports"]),
            "prepare": tables.milliseconds(min(seconds["prepare"] for seconds in found[1:])),
        },
    )
    assert warm["start"] <= WARM * cold["start"]
    if name == MODEL:
        assert min(seconds["prepare"] for seconds in found[1:]) <= PREPARE


def _start(name: str, device: Any, folder: Path, cache: str, number: int = 0) -> dict[str, float]:
    """Return the seconds that a process told, and ``process``: those from its start to its end."""
    off = {"POCL_CACHE_DIR": str(folder / f"pocl {cache} {number}"), "PYOPENCL_NO_CACHE": "1"}
    environment = os.environ | off | {"PYTHONPYCACHEPREFIX": str(folder / "modules")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    program = str(Path(__file__).with_name("opencl_start.py"))
    command = [
        sys.executable,
        program,
        str(models.path(name)),
        str(device.index),
        str(folder / f"{cache} kept"),
    ]
    start = perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = perf_counter() - start
    if done.returncode:
        pytest.skip(f"it does not run here: {done.stderr.strip().splitlines()[-1][:100]}")
    return {**json.loads(done.stdout), "process": seconds}
