"""pyopencl without the parts that the delegate does not use: they are imported when somebody asks for them.

``import pyopencl`` makes fifty types of vectors, and each of its kernels a function that takes arguments as
Python has them, from a database of such functions: half of all that it takes. To know its version it
imports ``importlib.metadata``, and with it parsers of mail, of archives and of URLs: half of the rest. The
delegate's kernels need nothing of it, and the version is in the name of a folder. A program that has
imported pyopencl already has it whole.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec
from itertools import chain
from types import ModuleType
from typing import Any

_VECTORS, _FUNCTIONS = "pyopencl.cltypes", "pyopencl.invoker"
_NUMBERED = ("pyopencl", "pytools")  # packages with a module ``version``
_INSTALLED = r"(\w+)-([0-9]+(?:\.[0-9]+)*)([a-z0-9]*)\.dist-info"  # the name of a folder


def import_pyopencl() -> Any:
    """Return pyopencl."""
    if "pyopencl" in sys.modules:
        return import_module("pyopencl")
    later = [_Later(_VECTORS), _Later(_FUNCTIONS)]
    later[1].generate_enqueue_and_set_args = _generated  # type: ignore[attr-defined]
    later += chain.from_iterable(map(_version_of, _NUMBERED))
    for module in later:
        sys.modules.setdefault(module.__name__, module)
    try:
        cl = import_module("pyopencl")
    except BaseException:
        for module in later:
            _forget(module.__name__)
        raise
    for module in later:
        package, _, name = module.__name__.rpartition(".")
        if (whole := sys.modules.get(package)) is not None:
            vars(whole).setdefault(name, module)
            module.__spec__ = PathFinder.find_spec(module.__name__, whole.__path__)
    return cl


class _Later(ModuleType):
    """Stands for a module until somebody asks for a name in it."""

    def __getattr__(self, name: str) -> Any:
        # Who goes through all modules asks where each comes from, `from … import` whether it is a package.
        if not name.startswith("__") or name == "__all__":
            vars(self).update(vars(_whole(self.__name__)))
        if name in vars(self):
            return vars(self)[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _version_of(package: str) -> list[_Later]:
    """Return a stand-in for the module that states a package's version, where a folder's name tells it."""
    spec = find_spec(package)
    place = os.path.dirname(os.path.dirname((spec and spec.origin) or ""))
    if package in sys.modules or not os.path.isdir(place):
        return []
    named = (re.fullmatch(_INSTALLED, name) for name in os.listdir(place) if name.startswith(package))
    found = [m for m in named if m and m[1] == package]
    if len(found) != 1:
        return []
    module, (_, numbers, status) = _Later(f"{package}.version"), found[0].groups()
    version = tuple(map(int, numbers.split(".")))
    vars(module).update(VERSION_TEXT=numbers + status, VERSION_STATUS=status, VERSION=version)
    return [module]


def _whole(name: str) -> ModuleType:
    _forget(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an older pyopencl is warned by a newer pytools
        return import_module(name)


def _forget(name: str) -> None:
    if isinstance(sys.modules.get(name), _Later):
        del sys.modules[name]


def _generated(*about: Any, **named: Any) -> tuple[Callable[..., Any], ...]:
    """Return the functions of a kernel that set its arguments; they are written when they are called."""

    @cache
    def written() -> tuple[Callable[..., Any], ...]:
        found: tuple[Callable[..., Any], ...]
        found = _whole(_FUNCTIONS).generate_enqueue_and_set_args(*about, **named)
        return found

    return (lambda *a, **k: written()[0](*a, **k)), (lambda *a, **k: written()[1](*a, **k))
