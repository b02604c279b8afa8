"""LiteRT's own interpreter module, also where another stands at its address (``delegraph.compat``)."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

PACKAGE = "ai_edge_litert"
OWN_NAME = f"{__package__}.interpreter_of_the_wheel"


def is_installed() -> bool:
    """Say whether the wheel is there: as files, not as what stands in for it."""
    return _on_disk(PACKAGE) is not None


@cache
def interpreter_module() -> Any:
    """Return ``ai_edge_litert.interpreter`` of the wheel."""
    spec = _on_disk(f"{PACKAGE}.interpreter", import_module(PACKAGE).__path__)
    if spec is None or spec.origin is None:
        raise ImportError(f"{PACKAGE} has no module interpreter")
    known = sys.modules.get(spec.name)
    if getattr(known, "__file__", None) == spec.origin:
        return known
    own = spec_from_file_location(OWN_NAME, spec.origin)
    if own is None or own.loader is None:
        raise ImportError(f"{spec.origin} cannot be loaded")
    module = sys.modules[OWN_NAME] = module_from_spec(own)
    own.loader.exec_module(module)
    return module


def _on_disk(name: str, path: Any = None) -> ModuleSpec | None:
    return PathFinder.find_spec(name, path)
