"""The conformance suite for delegates: ``pytest --pyargs delegraph_conformance --delegate=NAME``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .op_case import OpCase
    from .subject import Subject

__version__ = "0.1.0"
DELEGRAPH_API = 1
__all__ = ["OpCase", "Subject", "__version__"]

# Imported when first asked for: it is a plugin of every program where it is installed.
_LATER = {"OpCase": "op_case", "Subject": "subject"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATER[name]}", __name__), name)
