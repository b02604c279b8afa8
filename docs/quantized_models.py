"""The page of measured models: docs/quantized-models.json as tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Found = dict[str, Any]
Cell = Callable[[Found], str]  # of a scheme's numbers

INTRODUCTION = """# Models, quantized and measured

Made of `docs/quantized-models.json`, which `python tests/benchmarks/quantized` writes. What calibrates
never judges. Accuracy is that of LiteRT 2.3.0 with its default resolver. "Same" is the share of samples
that get the float model's class (of pixels for masks, of frequencies for speech). Behind ± stands half of
the interval that holds the value with 95 %; that of a difference is of the paired one, each sample judged
by both models. "Best effort" is `--effort best`, which with weights of 4 bits keeps 8 in both ends and in
products with less than 2 % of the weights. Where a row's data are a half of what judges, it was made twice:
each half was judged by the model that learned from the other.

A time is the median of up to 30 runs in turn with the float model's, as a multiple of that: below 1 is
faster. It is the processor's, with one thread of LiteRT and of the reference delegate, on an x86-64 server
of two processors for which a dozen other programs waited at times; OpenCL is PoCL there, whose threads are
counted together. How sure a time is, int8 and its best effort say: they are one graph. The reference
delegate is made to be right, not fast.
"""
DELEGATES = ("reference", "opencl", "litert")
_EVEN = 0.97  # times as long as floats: what is not below is not faster
_DESTROYED, _KEPT = 10, 0.5  # points


def page(path: Path) -> str:
    found: Found = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join([INTRODUCTION, *(line for name in found for line in _model(name, found[name]))])


def _model(name: str, row: Found) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield f"`{row['file']}`, {_size(row['bytes'])}; {row['samples']}.{_times_of_floats(row)}"
    yield ""
    yield from _table(row)
    yield ""
    yield from _remarks(row)
    yield "```sh"
    yield "# not run in CI: the model is not in this repository"
    yield from (of["command"] for of in row["schemes"].values())
    yield "```"
    yield ""


def _table(row: Found) -> Iterator[str]:
    columns = _columns(row)
    delegates = [d for d in DELEGATES if d in row.get("milliseconds", {})]
    yield _line("", "size", *columns, *delegates)
    yield "|" + "---|" * (2 + len(columns) + len(delegates))
    yield _line("float", "100 %", *(_cell(row["float"], c, True) for c in columns), *[""] * len(delegates))
    for scheme, of in row["schemes"].items():
        share = f"{100 * of['bytes'] / row['bytes']:.0f} %"
        times = [f"{of['times'][d]:.2f}" if d in of.get("times", {}) else "" for d in delegates]
        yield _line(scheme, share, *(_cell(of, column, False) for column in columns), *times)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _times_of_floats(row: Found) -> str:
    known = {d: row.get("milliseconds", {}).get(d) for d in DELEGATES}
    told = ", ".join(f"{value:.3g} ms on {d}" for d, value in known.items() if value)
    return f" The float model takes {told}, of the processor's time." if told else ""


def _remarks(row: Found) -> Iterator[str]:
    times = row["schemes"].get("int8", {}).get("times", {})
    slow = [d for d in DELEGATES if times.get(d, 0) >= _EVEN]
    if slow:
        yield f"int8 is not faster than floats on {', '.join(slow)}."
        yield ""
    small, large = (_lost(row["schemes"].get(s, {})) for s in ("int8", "int16x8"))
    if small > _DESTROYED and large < _KEPT:
        yield f"int8 destroys it: {small:.0f} points are lost. int16x8 loses {max(large, 0):.1f}."
        yield ""


def _lost(of: Found) -> float:
    """Return the points of 100 that are lost of what is right; 0 where that is not known."""
    low, high = of.get("difference", (0, 0))
    return -50 * (low + high)


def _columns(row: Found) -> list[str]:
    """Return the heads of the columns for which a scheme has the number."""
    return [head for head, (key, _) in COLUMNS.items() if key in row["float"]]


def _cell(of: Found, column: str, is_float: bool) -> str:
    key, cell = COLUMNS[column]
    return cell(of) if not is_float or key in ABSOLUTE else ""


def _with_interval(key: str) -> Cell:
    return lambda of: _percent(of[key]) + (_half(of["interval"]) if "interval" in of else "")


def difference(ends: list[float]) -> str:
    """Return the middle of an interval and half of its length, in points of 100."""
    points = round(50 * sum(ends), 1) + 0.0  # no -0
    return f"{points:+.1f}{_half(ends)}"


def _half(ends: list[float]) -> str:
    return f" ± {50 * (ends[1] - ends[0]):.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _size(nbytes: int) -> str:
    return f"{nbytes / 2**20:.1f} MiB" if nbytes >= 2**20 else f"{nbytes / 2**10:.0f} KiB"


COLUMNS: dict[str, tuple[str, Cell]] = {  # head: (key that a row has then, how its cell reads)
    "same": ("agreement", _with_interval("agreement")),
    "top-1": ("top1", lambda of: _percent(of["top1"])),
    "right": ("right", lambda of: _percent(of["right"])),
    "difference": ("difference", lambda of: difference(of["difference"])),
    "overlap of boxes": ("overlap", _with_interval("overlap")),
    "error of the score": ("score error", lambda of: f"{of['score error']:.4f}"),
}
ABSOLUTE = ("top1", "right")  # what the float model has by itself
