"""AMX, matrices in registers of x86-64: Linux gives a process the room for them when it asks."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

_ARCH_PRCTL = 158  # number of the system call on x86-64
_REQUEST_PERMISSION, _TILES = 0x1023, 18  # ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA


@cache
def may_use() -> bool:
    """Ask for the permission, for all threads of this process, and say whether it was given."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return False
    status: int = ctypes.CDLL(None).syscall(_ARCH_PRCTL, _REQUEST_PERMISSION, _TILES)
    return status == 0
