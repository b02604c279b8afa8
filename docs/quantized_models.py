"""The page of measured models: docs/quantized-models.json as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Found = dict[str, Any]

INTRODUCTION = """# Models, quantized and measured

Made of `docs/quantized-models.json`, which `python tests/benchmarks/quantized` writes. What calibrates
never judges. Accuracy is that of LiteRT 2.3.0 with its default resolver. "Same" is the share of samples
that get the float model's class (of pixels, for masks). Behind ± stands half of the interval that holds
the value with 95 %; that of a difference is of the paired one, each sample judged by both models. "Best
effort" is `--effort best`. A time is the median of runs in turn with the float model's, as a multiple
of that: below 1 is faster. It is the processor's, with one thread of LiteRT and of the reference
delegate, on an x86-64 server that others used, too; OpenCL is PoCL there, whose threads are counted
together. The reference delegate is made to be right, not fast.
"""
DELEGATES = ("reference", "opencl", "litert")
_EVEN = 0.97  # times as long as floats: what is not below is not faster


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
    if slow := [d for d, ratio in times.items() if ratio >= _EVEN]:
        yield f"int8 is not faster than floats on {', '.join(slow)}."
        yield ""
    small, large = (row["schemes"].get(s, {}).get("agreement", 1.0) for s in ("int8", "int16x8"))
    if small < 0.9 and large > 0.995:
        lost, kept = 100 * (1 - small), 100 * (1 - large)
        yield f"int8 destroys it: {lost:.0f} points are lost. int16x8 loses {kept:.1f}."
        yield ""
    if row.get("random"):
        yield "Nobody trained it: its classes are about as likely, and int8 has one probability for all."
        yield ""


def _columns(row: Found) -> list[str]:
    if "overlap" in row["float"]:
        return ["overlap of boxes", "error of the score"]
    return ["same", "top-1", "difference of top-1"] if "top1" in row["float"] else ["same"]


def _cell(of: Found, column: str, is_float: bool) -> str:
    if is_float:
        return _percent(of["top1"]) if column == "top-1" else ""
    if column == "same":
        return _percent(of["agreement"]) + (_half(of["interval"]) if "interval" in of else "")
    if column == "top-1":
        return _percent(of["top1"])
    if column == "difference of top-1":
        low, high = of["difference"]
        return f"{50 * (low + high):+.1f}{_half([low, high])}"
    if column == "overlap of boxes":
        return f"{_percent(of['overlap'])}{_half(of['interval'])}"
    return f"{of['score error']:.4f}"


def _half(ends: list[float]) -> str:
    return f" ± {50 * (ends[1] - ends[0]):.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _size(nbytes: int) -> str:
    return f"{nbytes / 2**20:.1f} MiB" if nbytes >= 2**20 else f"{nbytes / 2**10:.0f} KiB"
