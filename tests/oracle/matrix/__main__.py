"""Run the matrix: ``python tests/oracle/matrix [--write] [OP …]``."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.progress import track

from matrix import report
from matrix.facts import write_deaths
from matrix.run import cells, deaths_seen, results

PAGE = Path(__file__).resolve().parents[3] / "docs" / "matrix.md"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python tests/oracle/matrix", description="every op against LiteRT"
    )
    parser.add_argument("ops", nargs="*", help="all, if none is given")
    parser.add_argument("--write", action="store_true", help="write docs/matrix.md and dead.tsv: all ops")
    chosen = parser.parse_args(arguments)
    if chosen.write and chosen.ops:
        parser.error("--write needs all ops")
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)  # refusals are what this is about
    screen = Console(width=max(Console().width, 130))
    asked = list(cells(chosen.ops))
    found = list(track(results(asked), "running", len(asked), console=screen, transient=True))
    screen.print(report.details(found) if chosen.ops else report.summary(found))
    for line in report.to_do(found):
        screen.print(line, markup=False, highlight=False)
    if chosen.write:
        PAGE.write_text(report.page(found))
        write_deaths(deaths_seen())
    return bool(report.to_do(found))


if __name__ == "__main__":
    sys.exit(main())
