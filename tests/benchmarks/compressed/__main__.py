"""Measure pruned and clustered models, and write docs/compressed-models.json, of which docs/generate.py
makes a page.

``python tests/benchmarks/compressed`` makes what is missing; ``--again`` all; ``--only ResNet-8`` some.
DELEGRAPH_MODELS names the folder of the models. Each row holds the commands that made it; the samples are
written beside the models that are made (``--work``), which are not made again where they are there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "oracle"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "quantized"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from case import CASES, Case
from judged import Judged, packed
from recipes import FLOATS, RECIPES
from rows import Row, read, write

RESULT = "compressed-models.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="a model's name")
    parser.add_argument("--recipe", action="append", help="a recipe's name")
    parser.add_argument("--again", action="store_true", help="what is there, too")
    parser.add_argument("--work", type=Path, default=Path("compressed"), help="folder for what is made")
    asked = parser.parse_args()
    asked.work.mkdir(exist_ok=True)
    for case in CASES:
        if not asked.only or case.name in asked.only:
            _measure(case, asked.recipe or case.recipes, asked.work, asked.again)


def _measure(case: Case, recipes: Iterable[str], work: Path, again: bool) -> None:
    """Fill in what a model's rows lack."""
    judged = Judged(case, work)
    row = {
        "file": case.file,
        "samples": case.told,
        "bytes": case.path.stat().st_size,
        "compressed": packed(case.path),
        "float": judged.floats(),
    }
    for recipe in recipes:
        if (recipe in _known(case) and not again) or (recipe == FLOATS and not case.labelled):
            continue
        measured = judged.row(recipe)
        found = _known(case) | {recipe: measured}  # others may have written meanwhile
        ordered = {r: found[r] for r in RECIPES if r in found}
        write(RESULT, case.name, row | {"recipes": ordered}, [c.name for c in CASES])
        print(case.name, recipe, found[recipe], flush=True)


def _known(case: Case) -> Row:
    """Return the rows that are measured, others of the model meanwhile, too."""
    return read(RESULT).get(case.name, {}).get("recipes", {})


if __name__ == "__main__":
    main()
