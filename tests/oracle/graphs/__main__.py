"""Run random graphs: ``python tests/oracle/graphs --kind int8 --variant gpu --first 0 --count 2000``."""

from __future__ import annotations

import argparse
import faulthandler
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import litert
from delegraph_conformance.graphs.case import Case
from delegraph_conformance.graphs.net import KINDS

from graphs.check import TOGETHER, Failure, cases, failures
from graphs.report import smallest
from graphs.variants import VARIANTS


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python tests/oracle/graphs", description="random graphs against LiteRT"
    )
    parser.add_argument(
        "--kind", action="append", choices=list(KINDS), help="may be repeated; all, if not given"
    )
    parser.add_argument("--variant", action="append", choices=list(VARIANTS), help="the same; cpu and gpu")
    parser.add_argument("--first", type=int, default=0, help="seed of the first graph")
    parser.add_argument("--count", type=int, default=100, help="graphs of each kind")
    parser.add_argument("--folder", type=Path, default=Path("failing-graphs"), help="where failing ones go")
    parser.add_argument("--whole", action="store_true", help="do not shrink what fails")
    chosen = parser.parse_args(arguments)
    faulthandler.enable()
    found: Counter[str] = Counter()
    left_out: list[str] = []
    for kind in chosen.kind or KINDS:
        start = perf_counter()
        for at in range(chosen.first, chosen.first + chosen.count, TOGETHER):
            seeds = range(at, min(at + TOGETHER, chosen.first + chosen.count))
            print(f"\r{kind} {seeds.start}..{seeds.stop - 1} ", end="", file=sys.stderr, flush=True)
            some = list(cases(kind, seeds))
            for variant in chosen.variant or ("cpu", "gpu"):
                for failure in _failures(some, variant, left_out):
                    found[f"{kind}, {variant}"] += 1
                    print(smallest(failure, chosen.folder, chosen.whole), flush=True)
        print(f"{kind}: {chosen.count} graphs in {perf_counter() - start:.0f} s", flush=True)
    if left_out:
        print(f"LiteRT dies of {', '.join(dict.fromkeys(left_out))}")
    print("\n".join(f"{name}: {count} failed" for name, count in found.items()) or "none failed")
    return bool(found)


def _failures(some: Sequence[Case], variant: str, left_out: list[str]) -> list[Failure]:
    """Return which graphs come out wrong; those that LiteRT dies of are left out, and named."""
    try:
        return list(failures(some, variant))
    except litert.LiteRTCrashed:
        if len(some) == 1:
            left_out.append(some[0].name)
            return []
        return [failure for case in some for failure in _failures([case], variant, left_out)]


if __name__ == "__main__":
    sys.exit(main())
