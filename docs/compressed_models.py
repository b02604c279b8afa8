"""The section of pruned and clustered models: docs/compressed-models.json as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import compression_aims
from quantized_models import COLUMNS, difference

Found = dict[str, Any]

INTRODUCTION = """# Models, pruned and clustered

Made of `docs/compressed-models.json`, which `python tests/benchmarks/compressed` writes:
[pruned](pruning.md), [clustered](clustering.md), and both before int8; without labels, or "trained" with
them, which also makes floats better ("floats, trained"). What is reconstructed or trained on never judges.
"Compressed" is the file compressed by deflate, as in a `.zip` file, as a share of the float model
compressed so. The other columns are those [of quantized models](quantized-models.md); where several seeds
trained, numbers are means, and the least and the most that a seed gave stand behind them.
"""
_BESIDE = "beside trained floats"
_HEADS = ("file", "compressed", "same", "top-1", "difference")


def page(path: Path) -> str:
    found: Found = json.loads(path.read_text(encoding="utf-8"))
    lines = [INTRODUCTION, *compression_aims.table(found)]
    return "\n".join([*lines, *(line for name in found for line in _model(name, found[name]))])


def _model(name: str, row: Found) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    packed = f"{row['compressed'] / row['bytes']:.0%} of it compressed"
    yield f"`{row['file']}`, {row['bytes'] / 2**20:.2f} MiB, {packed}; {row['samples']}."
    yield ""
    yield from _table(row)
    yield ""
    yield "```sh"
    yield "# not run in CI: the model is not in this repository"
    yield from dict.fromkeys(command for of in row["recipes"].values() for command in of["commands"])
    yield "```"
    yield ""


def _table(row: Found) -> Iterator[str]:
    heads = [*_HEADS, *([_BESIDE] if any(_BESIDE in of for of in row["recipes"].values()) else [])]
    yield _line("", *heads)
    yield "|" + "---|" * (1 + len(heads))
    given = {"file": "100 %", "compressed": "100 %", "top-1": COLUMNS["top-1"][1](row["float"])}
    yield _line("float", *(given.get(head, "") for head in heads))
    for recipe, of in row["recipes"].items():
        cells = _cells(row, of)
        yield _line(recipe, *(cells.get(head, "") for head in heads))


def _cells(row: Found, of: Found) -> dict[str, str]:
    """Return the cells of a recipe by their columns' heads."""
    cells = {
        "file": f"{100 * of['bytes'] / row['bytes']:.0f} %",
        "compressed": f"{100 * of['compressed'] / row['compressed']:.0f} %",
        "same": COLUMNS["same"][1](of),
        "top-1": COLUMNS["top-1"][1](of) + _spread(of),
        "difference": difference(of["difference"]),
    }
    return cells | ({_BESIDE: difference(of[_BESIDE])} if _BESIDE in of else {})


def _spread(of: Found) -> str:
    runs = [100 * share for share in of.get("runs", ())]
    return f" ({min(runs):.1f}–{max(runs):.1f})" if runs else ""


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
