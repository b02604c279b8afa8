"""The page that compares training with the peer's: docs/peer-training.json as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

Found = dict[str, Any]

INTRODUCTION = """# Training, pruning and clustering beside tensorflow-model-optimization

Made of `docs/peer-training.json`, which `python tests/benchmarks/peer_training` writes. One Keras model of
5,200 weights (convolutions with batch normalization, a depthwise one, and a dense layer) learned
{trained:,} digits of MNIST in floats. tensorflow-model-optimization 0.8.1 goes on from the Keras model,
`delegraph` from the `.tflite` file that LiteRT's converter makes of it, with the same digits, {epochs}
epochs each and batches of {batch}. {judged:,} other digits judge, in LiteRT 2.3.0. The peer's learning rate
is the better one of 0.001 and 0.0001 by the digits that judge; delegraph's is its default. Numbers are
means of {seeds} seeds, with the smallest and the largest.
"""
TOLD = {
    "trained_int8": "trained as int8",
    "pruned": "pruned, {sparsity:.0%}",
    "clustered": "{clusters} clusters",
    "all_three": "pruned, clustered, int8",
}
END = """
"Zipped" is the file compressed, as a share of the float model's. Zeros are those of convolutions (but
depthwise ones) and of the dense layer; values are the most different ones that a channel of these has.
delegraph prunes on samples and trains what stays; the peer prunes by size, more and more of each layer. The
peer keeps its clusters in the Keras model: batch normalization multiplies them when it is converted.
"""


def page(path: Path) -> str:
    found: Found = json.loads(path.read_text(encoding="utf-8"))
    rows = found["rows"]
    seeds = len(rows["pruned"]["peer"]["right"])
    told = {k: v for k, v in found.items() if k != "rows"} | {"seeds": seeds, "values": "5,200 weights"}
    return "\n".join([INTRODUCTION.format(**told), *_table(found), END])


def _table(found: Found) -> Iterator[str]:
    rows = found["rows"]
    yield "| | by | right | zipped | zeros | values |"
    yield "|---|---|---|---|---|---|"
    base = mean(rows["float"]["zipped"])
    yield _line("float", "", rows["float"], base)
    for name, told in TOLD.items():
        for side in ("peer", "delegraph"):
            head = told.format(**found).replace("%", " %") if side == "peer" else ""
            yield _line(head, side, rows[name][side], base)


def _line(head: str, side: str, of: Found, base: float) -> str:
    right = [100 * r for r in of["right"]]
    spread = f" ({min(right):.1f}–{max(right):.1f})" if len(right) > 1 else ""
    zipped = f"{100 * mean(of['zipped']) / base:.0f} %"
    zeros = f"{100 * mean(of['zeros']):.0f} %"
    return f"| {head} | {side} | {mean(right):.1f} %{spread} | {zipped} | {zeros} | {max(of['values'])} |"
