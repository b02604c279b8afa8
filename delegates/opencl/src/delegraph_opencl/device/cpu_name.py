"""The name of a CPU newer than PoCL's compiler, replaced in the memory of this process.

When: on x86-64 Linux, by PoCL 3.0 (that of PyPI, with LLVM 14), as the device is opened, if it calls its
CPU "generic". So it does with every CPU that its compiler does not know, which are AMD's from Zen 5 on.
Why: the same compiler then refuses the name, so no program builds, and there is no setting for it. PoCL
keeps it as text that the device's record points to; there the name of an older CPU is put that has no
instruction which this one lacks. The text is looked for and written through /proc/self/mem, which answers
with an error where an address is none; whatever does not look as expected is left alone.
How to do without: the option ``rename_cpu=False``. On such a CPU nothing then runs on PoCL 3.0.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from typing import Any

from .pocl import flags_of, version

# What clang calls the CPUs that it may compile for, and the flags that Linux lists of them; the best first.
# "skx" makes PoCL's built-in functions, which it keeps for AVX-512, fit to be inlined.
_CPUS: tuple[tuple[bytes, frozenset[str]], ...] = (
    (b"skx", frozenset("avx512f avx512bw avx512cd avx512dq avx512vl".split())),
    (b"haswell", frozenset("avx2 fma bmi1 bmi2 movbe f16c abm".split())),
    (b"x86-64", frozenset()),
)
_UNKNOWN = b"generic\0"
# Bytes of a device's record that are looked through: the name stands at 640; what lies behind may
# point to it by chance.
_STRUCT = 1024


def name_cpu(device: Any) -> str:
    """Let PoCL compile for the CPU it is on; return the name that it got, "" if none was needed."""
    if not is_unknown(device):
        return ""
    try:
        name = best_cpu(Path("/proc/cpuinfo").read_text())
        return name.decode() if _renamed(device.int_ptr, name) else ""
    except OSError:  # a system that does not show it
        return ""


def is_unknown(device: Any) -> bool:
    """Say whether a device is a PoCL that refuses to compile for its own CPU."""
    is_here = sys.platform == "linux" and os.uname().machine == "x86_64"
    return is_here and version(device.platform.version) == (3, 0) and device.version.endswith("-generic")


def best_cpu(cpuinfo: str) -> bytes:
    """Return the first of the CPUs known here that has no flag which this one lacks."""
    has = flags_of(cpuinfo)
    return next(name for name, needs in _CPUS if needs <= has)


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


def _text_at(file: int, address: int) -> bytes:
    try:
        return os.pread(file, len(_UNKNOWN), address)
    except (OSError, OverflowError):
        return b""
