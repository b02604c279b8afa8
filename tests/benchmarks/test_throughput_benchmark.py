"""Images per second over a folder on all cores: processes, threads, one interpreter alone or with batches.

LiteRT has as many interpreters as cores, in threads: its runs leave Python's lock alone. All take turns.
"CPU ms" are those of all processors for an image, "LiteRT's" how many times as many LiteRT's are. Models of
a fixed batch have no rate for them. ``DELEGRAPH_IMAGES`` and ``DELEGRAPH_ROUNDS`` say how many.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import models
import numpy as np
import pytest
import tables
from delegraph import read_model

IMAGES = int(os.environ.get("DELEGRAPH_IMAGES", "64"))
ROUNDS = int(os.environ.get("DELEGRAPH_ROUNDS", "5"))
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
MODELS = ("float32/mobilenet_v2_1.0_224_float_from_ptq.tflite", "int8/tf2_mobilenet_v2_1.0_224_ptq.tflite")
HOW = ("processes", "threads", "inside", "batch")
OURS = ("delegraph litert", "delegraph opencl", "delegraph reference")
WAYS = [("litert", "threads"), *((who, how) for who in OURS for how in HOW)]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("model", MODELS)
def test_images_per_second(model: str, tmp_path: Path, record_property: Callable[[str, Any], None]) -> None:
    if models.folder() is None:
        pytest.skip(models.NO_MODELS)
    _write_images(models.path(model), tmp_path)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way in WAYS:
            if (one := _measured(*way, models.path(model), tmp_path)) is not None:
                found[way].append(one)
    best, cheapest = _medians(found["litert", "threads"])
    for (who, how), measured in found.items():
        if not measured:
            continue
        rate, used = _medians(measured)
        row = {"model": Path(model).stem, "who": who, "how": how, "workers": CORES}
        row |= {"images / s": f"{rate:.1f}", "of LiteRT": tables.ratio(rate, best)}
        row |= {"CPU ms": f"{used:.1f}", "LiteRT's": tables.ratio(cheapest, used)}
        record_property("throughput", row)


def _medians(measured: list[tuple[float, float]]) -> tuple[float, float]:
    rates, used = zip(*measured, strict=True)
    return median(rates), median(used)


def _write_images(model: Path, folder: Path) -> None:
    (x,) = read_model(model).subgraphs[0].inputs
    rng = np.random.Generator(np.random.PCG64(1))
    for n in range(IMAGES):
        pixels = rng.integers(0, 256, x.shape, np.uint8)
        image = pixels / np.float32(255) if x.dtype == "float32" else pixels.view(x.dtype)
        np.save(folder / f"{n:04}.npy", image)


def _measured(who: str, how: str, model: Path, folder: Path) -> tuple[float, float] | None:
    """Return what the program prints; None where the model cannot be run so, or the delegate not here."""
    program = str(Path(__file__).with_name("throughput.py"))
    command = [sys.executable, program, who, how, str(model), str(folder), str(CORES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    rate, used = map(float, done.stdout.split()[-2:])
    return rate, used
