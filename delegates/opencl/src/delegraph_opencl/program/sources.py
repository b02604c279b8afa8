"""The OpenCL C that lies beside the modules of this package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


@cache
def cl_source(*paths: str) -> str:
    """Return the text of files, one after the other: ``cl_source("cpu/dots.cl", "cpu/tiles.cl")``."""
    return "".join((_PACKAGE / path).read_text(encoding="utf-8") for path in paths)
