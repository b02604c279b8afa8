"""The section of pruned and clustered models: docs/compressed-models.json as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from quantized_models import COLUMNS

Found = dict[str, Any]

INTRODUCTION = """# Models, pruned and clustered

Made of `docs/compressed-models.json`, which `python tests/benchmarks/compressed` writes:
[pruned](pruning.md), [clustered](clustering.md), and both before int8; without labels, or "trained" with
them, which also makes floats better ("floats, trained"). What is reconstructed or trained on never judges.
"Compressed" is the file compressed by deflate, as in a `.zip` file, as a share of the float model
compressed so. The other columns are those [of quantized models](quantized-models.md).
"""
_KEYS = {"same": "agreement", "top-1": "top1", "difference": "difference"}


def page(path: Path) -> str:
    found: Found = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join([INTRODUCTION, *(line for name in found for line in _model(name, found[name]))])


def _model(name: str, row: Found) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    packed = f"{row['compressed'] / row['bytes']:.0%} of it compressed"
    yield f"`{row['file']}`, {row['bytes'] / 2**20:.2f} MiB, {packed}; {row['samples']}."
    yield ""
    yield _line("", "file", "compressed", *_KEYS)
    yield "|" + "---|" * (3 + len(_KEYS))
    yield _line("float", "100 %", "100 %", "", COLUMNS["top-1"][1](row["float"]), "")
    for recipe, of in row["recipes"].items():
        shares = [f"{100 * of[k] / row[k]:.0f} %" for k in ("bytes", "compressed")]
        yield _line(recipe, *shares, *(COLUMNS[head][1](of) for head in _KEYS))
    yield ""
    yield "```sh"
    yield "# not run in CI: the model is not in this repository"
    yield from dict.fromkeys(command for of in row["recipes"].values() for command in of["commands"])
    yield "```"
    yield ""


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
