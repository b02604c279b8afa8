"""Colors of delegates: the same in every report, as long as no two of one report want the same."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from ..contract import CORE, NOBODY

_KNOWN = {
    "reference": "#c3d3ea", "opencl": "#7cc7ee", "litert": "#a9dc97", "edgetpu": "#ffcf70",
    CORE: "#c9ced6", NOBODY: "#ff7b72",
}  # fmt: skip
_OTHERS = ("#cdb4f6", "#f7b2c4", "#8fdccb", "#f5b98a", "#d6dd7e", "#b8b3f0", "#e3a9e6", "#8fd0a8")


def colors(labels: Iterable[str]) -> dict[str, str]:
    """Return a color for each label."""
    found: dict[str, str] = {}
    for label in dict.fromkeys(labels):
        first = crc32(label.encode("utf-8", "backslashreplace"))
        turned = (_OTHERS[(first + i) % len(_OTHERS)] for i in range(len(_OTHERS)))
        wishes = [_KNOWN.get(label, ""), *turned]
        free = [c for c in wishes if c and c not in found.values()]
        found[label] = (free or wishes[-1:])[0]
    return found
