"""What PoCL, OpenCL on CPUs, needs to work well: settings, and what its versions compile for."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

# Each worker on a core of its own: without it two may share one for a whole run (14 ms in place of 8).
_AFFINITY = {"POCL_AFFINITY": "1"}
# "basic" computes in the thread that asks.
# The setting hides what else a PoCL has, GPUs: that of PyPI has none.
SETTINGS_OF_PYPI = {"POCL_DEVICES": "pthread basic"}
_CALLER = "basic-"

# Before it every vload and fma is a function call: kernels use pointers and a * b + c there.
FAST = (3, 1)

# CPUs without AVX-512 that PoCL may compile for on one that has it: LLVM 14 takes Zen 4 for Zen 3.
WITHOUT_AVX_512 = ("haswell", "znver3")
# VNNI multiplies bytes and adds up the products: bits at once, and the flags that Linux lists; best first.
_VNNI = (
    (512, frozenset("avx512f avx512bw avx512vl avx512_vnni".split())),
    (256, frozenset("avx2 avx_vnni".split())),
)
# They multiply bfloat16 and add up in float32; the fastest first.
_BFLOAT16 = (
    ("amx", frozenset("avx512f avx512bw avx512vl avx512_bf16 amx_tile amx_bf16".split())),
    ("avx512", frozenset("avx512f avx512bw avx512vl avx512_bf16".split())),
)
# Those known to keep a function on its own that is for a CPU with more instructions: one that put it into
# its caller would end the process.
TARGETING = ((3, 0), (3, 1))


def settings() -> dict[str, str]:
    """Return what lets workers stay on their cores, where they may have the cores of their numbers.

    PoCL ends the process where they may not: with more threads than CPUs, or in a container without CPU 0.
    """
    if not hasattr(os, "sched_getaffinity"):
        return _AFFINITY
    asked = os.environ.get("POCL_MAX_PTHREAD_COUNT", "")
    count = int(asked) if asked.isdecimal() else os.cpu_count() or 1
    return _AFFINITY if os.sched_getaffinity(0) >= set(range(count)) else {}


def current_core() -> int:
    """Return the core that this thread is on, on Linux: the number of PoCL's worker there."""
    return int(_libc().sched_getcpu())


@lru_cache(maxsize=1)
def _libc() -> Any:
    return ctypes.CDLL(None)


def version(platform: str) -> tuple[int, int] | None:
    """Return PoCL's version as a platform states it; None if it is another runtime."""
    found = re.search(r"(?i)pocl (\d+)\.(\d+)", platform)
    return (int(found[1]), int(found[2])) if found else None


def is_caller(device: Any) -> bool:
    """Say whether a device computes in the thread that asks."""
    return device.name.startswith(_CALLER) and version(device.platform.version) is not None


def vnni(flags: frozenset[str]) -> int:
    """Return how many bits the VNNI of a CPU with these flags has, 0 without any."""
    return next((bits for bits, needs in _VNNI if needs <= flags), 0)


def bfloat16(flags: frozenset[str], may_use_amx: Callable[[], bool]) -> str:
    """Return what multiplies bfloat16 on a CPU with these flags: "amx", "avx512" or ""."""
    found = (name for name, needs in _BFLOAT16 if needs <= flags)
    return next((name for name in found if name != "amx" or may_use_amx()), "")


def host_flags() -> frozenset[str]:
    """Return the flags of this machine's CPU; none where they are not known."""
    try:
        return flags_of(Path("/proc/cpuinfo").read_text())
    except OSError:  # another system, or one that does not show it
        return frozenset()


def flags_of(cpuinfo: str) -> frozenset[str]:
    """Return the flags that all processors have."""
    listed = [frozenset(line.split()) for line in re.findall(r"^flags\s*:(.*)$", cpuinfo, re.M)]
    return frozenset.intersection(*listed) if listed else frozenset()
