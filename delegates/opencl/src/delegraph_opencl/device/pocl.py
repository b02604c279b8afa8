"""What PoCL, OpenCL on CPUs, needs to work well: settings, and the name of a CPU newer than itself."""

from __future__ import annotations

import os
import re
import struct
import sys
from pathlib import Path
from typing import Any

# Without it both workers may share one core for a whole run (14 ms in place of 8).
SETTINGS = {"POCL_AFFINITY": "1"}

# Before it every vload and fma is a function call: kernels use pointers and a * b + c there.
FAST = (3, 1)

# What clang calls the CPUs that it may compile for, and the flags that Linux lists of them; the best first.
# "skx" makes PoCL's built-in functions, which it keeps for AVX-512, fit to be inlined.
_CPUS: tuple[tuple[bytes, frozenset[str]], ...] = (
    (b"skx", frozenset("avx512f avx512bw avx512cd avx512dq avx512vl".split())),
    (b"haswell", frozenset("avx2 fma bmi1 bmi2 movbe f16c abm".split())),
    (b"x86-64", frozenset()),
)
# CPUs without AVX-512 that PoCL may compile for on one that has it: LLVM 14 takes Zen 4 for Zen 3.
WITHOUT_AVX_512 = ("haswell", "znver3")
# VNNI multiplies bytes and adds up the products: bits at once, and the flags that Linux lists; best first.
_VNNI = (
    (512, frozenset("avx512f avx512bw avx512vl avx512_vnni".split())),
    (256, frozenset("avx2 avx_vnni".split())),
)
# Those known to keep a function on its own that is for a CPU with more instructions: one that put it into
# its caller would end the process.
TARGETING = ((3, 0), (3, 1))
_UNKNOWN = b"generic\0"
# Bytes of a device's record that are looked through: the name stands at 640; what lies behind may
# point to it by chance.
_STRUCT = 1024


def version(platform: str) -> tuple[int, int] | None:
    """Return PoCL's version as a platform states it; None if it is another runtime."""
    found = re.search(r"(?i)pocl (\d+)\.(\d+)", platform)
    return (int(found[1]), int(found[2])) if found else None


def name_cpu(device: Any) -> str:
    """Let PoCL compile for a CPU newer than its compiler; return the name it got, "" if none was needed.

    The PoCL of PyPI (3.0, LLVM 14) calls such a CPU "generic" (every AMD CPU from Zen 5 on), a name that
    its own compiler then refuses: no program builds. It has no setting for the name, but keeps it as text
    that the device's record points to. There it is replaced, through /proc/self/mem, which answers with an
    error where an address is none; whatever does not look as expected is left alone.
    """
    needed = sys.platform == "linux" and os.uname().machine == "x86_64"
    if not needed or version(device.platform.version) != (3, 0) or not device.version.endswith("-generic"):
        return ""
    try:
        name = best_cpu(Path("/proc/cpuinfo").read_text())
        return name.decode() if _renamed(device.int_ptr, name) else ""
    except OSError:  # a system that does not show it
        return ""


def _renamed(record: int, name: bytes) -> bool:
    """Replace the one text that a device's record points to and that is the unknown name."""
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        file = memory.fileno()
        content = os.pread(file, _STRUCT, record)
        words = struct.unpack(f"{len(content) // 8}Q", content[: len(content) // 8 * 8])
        places = {word for word in words if _text_at(file, word) == _UNKNOWN}
        for place in places if len(places) == 1 else ():
            os.pwrite(file, name.ljust(len(_UNKNOWN), b"\0"), place)
        return len(places) == 1


def best_cpu(cpuinfo: str) -> bytes:
    """Return the first of the CPUs known here that has no flag which this one lacks."""
    has = flags_of(cpuinfo)
    return next(name for name, needs in _CPUS if needs <= has)


def vnni(flags: frozenset[str]) -> int:
    """Return how many bits the VNNI of a CPU with these flags has, 0 without any."""
    return next((bits for bits, needs in _VNNI if needs <= flags), 0)


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


def _text_at(file: int, address: int) -> bytes:
    try:
        return os.pread(file, len(_UNKNOWN), address)
    except (OSError, OverflowError):
        return b""
