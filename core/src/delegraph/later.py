"""Names of a package that are imported when they are first asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def names(package: dict[str, Any], modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a ``__getattr__`` for a package; it is asked once for each name.

    A module that is imported so and needs numpy, far below, imports it first: numpy's own imports lie deep,
    and on top of forty calls of others they pass the end of Python's first 16 KiB of frames a thousand
    times, each time for memory that the system gives and takes back.

    :param package: its ``globals()``.
    :param modules: the names in each of its modules, with blanks between them.
    """
    home = {name: module for module, found in modules.items() for name in found.split()}
    place = package["__name__"]

    def attribute(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {place!r} has no attribute {name!r}")
        module = f"{place}.{home[name]}"
        if module not in sys.modules:
            from .patience import patiently

            patiently(import_module, module)
        found = package[name] = getattr(import_module(module), name)
        return found

    return attribute
