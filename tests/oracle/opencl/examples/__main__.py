"""Measure the documented examples: ``python tests/oracle/opencl/examples [--write] [--python PATH …]``.

Each PATH is a Python with the packages and an OpenCL runtime; by default it is this one. It takes a few
minutes, on a machine that does nothing else. The models come from DELEGRAPH_MODELS.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import litert
import models
import numpy as np
from whole_models import batches, distances, theirs

ROOT = Path(__file__).resolve().parents[4]
PAGE = ROOT / "docs" / "opencl-models.md"
EXAMPLES = {
    "MobileNet v1 224": "float32/mobilenet_v1_1.0_224_random_fp32.tflite",
    "DeepLab v3 257": "float32/deeplabv3_257_mv_gpu.tflite",
    "SSD MobileNet 300": "uint8/ssd_mobilenet.tflite",
    "PoseNet 257": "int8/posenet_mobilenet_v1_100_257x257_multi_kpt_stripped_integer_quant.tflite",
}
# Without the caches of the runtime and of pyopencl: what is measured is our own.
BARE = {"PYOPENCL_NO_CACHE": "1", "POCL_AFFINITY": "1"}
_HEAD = """# The documented examples on OpenCL

The models that the documentation of TensorFlow Lite's GPU delegate names, on CPUs through PoCL. This page
is written by `python tests/oracle/opencl/examples --write`.

"""
_NOTES = """
- **agreement**: the largest difference of any output from LiteRT's `BUILTIN_REF` on a photograph: relative
  to the output's largest value, or exact.
- **cold**, **warm**: seconds from the constructor to the first result in a new process, without the caches
  of the runtime and of pyopencl; warm with `serialization_dir` filled by a run before.
- **ms**: the median of runs in turn with LiteRT in one process, inputs set and outputs read; **XNNPACK**:
  LiteRT with its default delegate and 2 threads, in the model's own type.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python tests/oracle/opencl/examples", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/opencl-models.md")
    parser.add_argument("--python", action="append", default=[], help="one with another runtime than this")
    chosen = parser.parse_args(arguments)
    if models.folder() is None:
        parser.error(models.NO_MODELS)
    rows = [
        row(title, name, py) for py in chosen.python or [sys.executable] for title, name in EXAMPLES.items()
    ]
    litert.close()
    text = _HEAD + table(rows) + _NOTES
    print(text)
    if chosen.write:
        PAGE.write_text(text)
    return 0


def row(title: str, name: str, python: str) -> dict[str, str]:
    """Measure one model on the runtime of one Python."""
    path = str(models.path(name))
    inputs = batches(name, "BUILTIN_REF", 1)
    reference = theirs(models.path(name), "BUILTIN_REF", inputs)
    with tempfile.TemporaryDirectory() as folder:
        given, outputs = f"{folder}/inputs.npz", f"{folder}/outputs.npz"
        np.savez(given, *inputs[0])
        cold = _started(python, "first", path, given, "{}")["seconds"]
        kept = json.dumps({"serialization_dir": f"{folder}/kept"})
        _started(python, "first", path, given, kept)
        warm = _started(python, "first", path, given, kept)["seconds"]
        found = _started(python, "runs", path, given, outputs)
        ours = [list(np.load(outputs).values())]
    off = max(d.largest for d in distances(ours, reference))
    return {
        "model": title,
        "file": f"`{name}`",
        "runtime": found["device"],
        "agreement": "exact" if off == 0 else f"{off:.1e}",
        "partitions": _partitions(found),
        "cold s": f"{cold:.2f}",
        "warm s": f"{warm:.2f} ({warm / cold:.0%})",
        "ms": f"{found['opencl'] * 1e3:.1f}",
        "XNNPACK ms": f"{found['xnnpack'] * 1e3:.1f}",
        "ratio": f"{found['opencl'] / found['xnnpack']:.2f}",
    }


def _partitions(found: Mapping[str, Any]) -> str:
    left = ", ".join(f"`{name}`" for name in found["left"])
    return f"{found['partitions']}" + (f" ({left}: reference)" if left else "")


def _started(python: str, *arguments: str) -> dict[str, Any]:
    """Return what ``start.py`` says in a new process whose runtime has compiled nothing yet."""
    with tempfile.TemporaryDirectory() as cache:
        command = [python, str(Path(__file__).with_name("start.py")), *arguments]
        environment = os.environ | BARE | {"POCL_CACHE_DIR": cache}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows as a table in Markdown."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
