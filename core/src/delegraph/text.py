"""How bytes, shapes and counts read in messages and reports: the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence


def bytes_text(nbytes: int) -> str:
    """Write a number of bytes, in units of 1024: ``147.0 KiB``."""
    size, units = float(nbytes), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{nbytes} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def shape_text(shape: Sequence[int] | None) -> str:
    """Write a shape: ``1×224×224×3``, with ``?`` for a size that is left open (-1)."""
    if shape is None:
        return "of unknown shape"
    return "×".join("?" if n < 0 else str(n) for n in shape) or "scalar"


def plural(n: int, noun: str) -> str:
    """Write a number of things: ``1 op``, ``2 ops``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def shortened(text: str, letters: int = 60) -> str:
    """Return a text; a long one loses its middle."""
    half = letters // 2
    return text if len(text) <= letters else f"{text[:half]}…{text[-half:]}"
