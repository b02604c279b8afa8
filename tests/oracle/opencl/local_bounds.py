"""Bounds checks for local memory: every index of a ``__local`` array is compared with the array's sizes.

Local memory lies where a driver puts it: no guard can stand around it. So the source itself is changed, and
a kernel that reads or writes beside an array ends the process with SIGSEGV.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_DECLARED = re.compile(r"__local\s+\w+\s+(\w+\s*\[[^;]*);")
_ARRAY = re.compile(r"(\w+)\s*((?:\[[^\]]*\])+)")
_CHECK = """
static inline int checked_local_index(int at, int count) {
  if (at < 0 || at >= count) *(volatile __global int*)16 = at;
  return at;
}
"""


def checked(source: str) -> str:
    """Return the source of a program with a check in each index of its local arrays."""
    declared = list(_DECLARED.finditer(source))
    if not declared or source.startswith(_CHECK):
        return source
    ranks = {name: sizes.count("[") for d in declared for name, sizes in _ARRAY.findall(d[1])}
    spans = [d.span() for d in declared]
    return _CHECK + _outside(source, spans, ranks)


def _outside(source: str, spans: Sequence[tuple[int, int]], ranks: dict[str, int]) -> str:
    """Check all of a text but some spans of it."""
    found, last = [], 0
    for start, end in spans:
        found += [_checked_text(source[last:start], ranks), source[start:end]]
        last = end
    return "".join([*found, _checked_text(source[last:], ranks)])


def _checked_text(text: str, ranks: dict[str, int]) -> str:
    use = re.compile(rf"\b({'|'.join(ranks)})(?=\[)")
    found, at = [], 0
    while (met := use.search(text, at)) is not None:
        name, end = met[1], met.end()
        found.append(text[at:end])
        row = name  # the array that the index goes into, of which sizeof knows the size
        for _ in range(ranks[name]):
            close = _closing(text, end)
            index = _checked_text(text[end + 1 : close], ranks)
            found.append(f"[checked_local_index({index}, sizeof({row}) / sizeof({row}[0]))]")
            row, end = f"{row}[0]", close + 1
        at = end
    return "".join([*found, text[at:]])


def _closing(text: str, start: int) -> int:
    """Return where the bracket that opens at ``start`` closes."""
    depth = 0
    for i in range(start, len(text)):
        depth += {"[": 1, "]": -1}.get(text[i], 0)
        if not depth:
            return i
    raise ValueError(f"a bracket stays open: {text[start : start + 60]}")
