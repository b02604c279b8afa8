"""Make goldens: ``python tests/oracle/goldens [OP …]``, all if none is named."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from delegraph import load_delegate
from delegraph_conformance.goldens import write
from delegraph_conformance.recipe import recipes
from rich.progress import track

from goldens.make import goldens_of


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python tests/oracle/goldens", description="make goldens")
    parser.add_argument("ops", nargs="*", help="all, if none is given")
    asked = parser.parse_args(arguments).ops
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    claimed = {row.op for row in load_delegate("reference").table.rows}
    for recipe in track([r for op, r in recipes().items() if op in (asked or claimed)]):
        found = list(goldens_of(recipe))
        if found:
            write(recipe.op, found)


if __name__ == "__main__":
    main()
