"""The schemes: what each needs, what it gives as measured, and what runs it.

The numbers are in ``measured.json``, which docs/generate.py makes from docs/quantized-models.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from attrs import frozen

Numbers = Mapping[str, Any]


@frozen
class SchemeRow:
    """One scheme, or one with an option."""

    name: str  # as measured.json has it
    options: str  # of the command
    weights: str
    activations: str
    data: str  # that it needs
    hardware: str
    expected: str  # size of large models, where nothing was measured


@frozen
class NotCovered:
    """Hardware that none of the schemes is made for here."""

    hardware: str
    why: str


ROWS = (
    SchemeRow("float16", "--scheme float16", "float16", "float32", "none", "CPU, GPU", "50 %"),
    SchemeRow("dynamic", "--scheme dynamic", "int8", "float32", "none", "CPU", "27 %"),
    SchemeRow(
        "dynamic, int4", "--scheme dynamic --weights int4", "int4, int8", "float32", "none", "CPU", "15 %"
    ),
    SchemeRow("weights", "--scheme weights", "int8", "float32", "none", "CPU, GPU", "27 %"),
    SchemeRow(
        "int8", "--scheme int8", "int8", "int8", "samples", "CPU, GPU, Edge TPU, microcontroller", "27 %"
    ),
    SchemeRow("int16x8", "--scheme int16x8", "int8", "int16", "samples", "CPU", "27 %"),
)
NOT_COVERED = (
    NotCovered("NNAPI", "Android has deprecated it; no delegate here hands models to it"),
    NotCovered("Hexagon", "its delegate is a native library of Qualcomm's; no delegate here stands for it"),
)


def measured() -> dict[str, Numbers]:
    """Return what was measured of each scheme, by its name."""
    text = files(__package__).joinpath("measured.json").read_text("utf-8")
    found: dict[str, Numbers] = json.loads(text)
    return found


def summary(models: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the ranges over models of what docs/quantized-models.json has of each."""
    found: dict[str, dict[str, Any]] = {}
    for row in ROWS:
        made = [(m, m["schemes"][row.name]) for m in models.values() if row.name in m.get("schemes", {})]
        if made:
            found[row.name] = {
                "models": len(made),
                "size": _ends(100 * s["bytes"] / m["bytes"] for m, s in made),
                "agreement": _ends(100 * s["agreement"] for _, s in made if "agreement" in s),
                "top1": _ends(100 * (s["top1"] - m["float"]["top1"]) for m, s in made if "top1" in s),
            }
    return found


def _ends(values: Iterable[float]) -> list[float]:
    some = [round(v, 1) + 0.0 for v in values]
    return [min(some), max(some)] if some else []


def help_table() -> str:
    """Return the table as ``delegraph quantize --help`` shows it."""
    lines = [("scheme", "weights", "values", "data", "size", "same class", "runs on")]
    for row in ROWS:
        size, same, _ = _cells(row, measured())
        lines.append((row.name, row.weights, row.activations, row.data, size, same, row.hardware))
    lines += [(c.hardware, "not covered", "", "", "", "", "") for c in NOT_COVERED]
    widths = [max(len(line[i]) for line in lines) for i in range(6)]
    return "\n".join(
        "  ".join([*(c.ljust(w) for c, w in zip(line, widths, strict=False)), line[6]]).rstrip()
        for line in lines
    )


def markdown() -> str:
    """Return the table as the documentation shows it."""
    found = measured()
    lines = [
        "| options | weights | activations | data needed | size | same class | top-1, points | runs on |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        cells = (row.weights, row.activations, row.data, *_cells(row, found), row.hardware)
        lines.append(f"| `{row.options}` | {' | '.join(cells)} |")
    lines += [f"| | | | | | | | {c.hardware}: not covered; {c.why} |" for c in NOT_COVERED]
    return "\n".join(lines)


def _cells(row: SchemeRow, found: Mapping[str, Numbers]) -> tuple[str, str, str]:
    """Return size, share of samples of the same class, and change of top-1, as measured."""
    numbers = found.get(row.name, {})
    size = _range(numbers.get("size", []), "{:.0f}") or row.expected.removesuffix(" %")
    same, top1 = _range(numbers.get("agreement", []), "{:.1f}"), _range(numbers.get("top1", []), "{:+.1f}")
    return f"{size} %", f"{same} %" if same else "not measured", top1 or "not measured"


def _range(ends: Iterable[float], form: str) -> str:
    return " to ".join(dict.fromkeys(form.format(v) for v in ends))
