"""The machine that was measured, in a line: it stands beside every table."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

# What kernels for CPUs make a difference of, as Linux lists it.
_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")


def machine() -> str:
    """Return the processor's name, cores, and those of its instructions that kernels use."""
    try:
        listed = Path("/proc/cpuinfo").read_text()
    except OSError:  # another system
        listed = ""
    model = _field(listed, "model name") or platform.processor() or platform.machine()
    family = " ".join(filter(None, (_field(listed, "cpu family"), _field(listed, "model"))))
    flags = [flag for flag in _FLAGS if flag in _field(listed, "flags").split()]
    return ", ".join(filter(None, (model, family and f"family and model {family}", _cores(), *flags)))


def _field(listed: str, name: str) -> str:
    found = re.search(rf"^{name}\s*: (.*)$", listed, re.M)
    return found[1] if found else ""


def _cores() -> str:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{count} cores"
