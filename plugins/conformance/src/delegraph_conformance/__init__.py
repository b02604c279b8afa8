"""The conformance suite for delegates: ``pytest --pyargs delegraph_conformance --delegate=NAME``."""

from __future__ import annotations

from .op_case import OpCase
from .subject import Subject

__version__ = "0.1.0"
DELEGRAPH_API = 1
__all__ = ["OpCase", "Subject", "__version__"]
