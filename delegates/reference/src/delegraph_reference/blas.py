"""The BLAS libraries of this process: how many threads they use, told and set.

numpy's wheels bring OpenBLAS in a folder beside numpy, under names of its own. Calling it there takes a
fifth of the time of importing threadpoolctl, which finds the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from ctypes import CDLL
from functools import cache
from typing import Any

import numpy as np

_FOLDERS = (f"{os.path.dirname(np.__file__)}.libs", f"{os.path.dirname(np.__file__)}/.dylibs")
_NAMES = ("scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads64_", "openblas_{}_num_threads")


class WheelBlas:
    """The OpenBLAS of numpy's wheel."""

    def __init__(self, library: CDLL, name: str) -> None:
        self.get_num_threads: Callable[[], int] = library[name.format("get")]
        self.set_num_threads: Callable[[int], Any] = library[name.format("set")]


@cache
def libraries() -> list[Any]:
    """Return what has ``get_num_threads`` and ``set_num_threads`` of each BLAS."""
    if found := [WheelBlas(library, name) for library in _of_wheel() for name in _names(library)]:
        return found
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


def _of_wheel() -> Iterator[CDLL]:
    for folder in filter(os.path.isdir, _FOLDERS):
        for file in sorted(os.listdir(folder)):
            if "openblas" in file:
                yield CDLL(os.path.join(folder, file))


def _names(library: CDLL) -> list[str]:
    return [name for name in _NAMES if hasattr(library, name.format("set"))][:1]
