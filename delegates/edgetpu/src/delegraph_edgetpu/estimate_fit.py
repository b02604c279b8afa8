"""Fit the two speeds of the cycle model, and say how far it is from what was published.

``python -m delegraph_edgetpu.estimate_fit`` prints the speeds and the tables of docs/edgetpu-estimates.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from delegraph import Op

from .estimate import estimate
from .estimate_published import CYCLES, TIMES
from .estimate_tiles import NARROW_MEMORY, activations, compute_cycles, narrow_bytes, tile_bytes

SPEEDS = np.arange(0.5, 20.05, 0.1)  # bytes per cycle that are tried


def fitted_speeds(names: Sequence[str] | None = None) -> tuple[float, float]:
    """Return the bytes per cycle, for ops that fit a tile and for ops that do not, with the least error.

    :param names: the published models to fit to; None for those marked as fitted
    """
    chosen = [m for m in CYCLES if (m.fitted if names is None else m.name in names)]
    needs = [(_needs(m.ops()), m.cycles) for m in chosen]
    tried = [(narrow, pieces) for narrow in SPEEDS for pieces in SPEEDS if pieces <= narrow]
    errors = [sum((_cycles(n, *speeds) / cycles - 1) ** 2 for n, cycles in needs) for speeds in tried]
    narrow, pieces = tried[int(np.argmin(errors))]
    return round(float(narrow), 1), round(float(pieces), 1)


def cycles_table() -> Iterator[str]:
    """Yield the lines of a Markdown table: published and estimated cycles, and the error."""
    yield "| model | published cycles | estimate | error | in the fit |"
    yield "|---|---:|---:|---:|---|"
    for model in CYCLES:
        # the published figures are of files whose parameters are cached
        cycles = estimate(model.ops(), cache_bytes=2**40).cycles
        error = 100 * (cycles / model.cycles - 1)
        fitted = "yes" if model.fitted else "**no**"
        yield f"| {model.name} | {model.cycles:,} | {cycles:,} | {error:+.1f} % | {fitted} |"


def times_table() -> Iterator[str]:
    """Yield the lines of a Markdown table: measured and estimated milliseconds."""
    yield "| model | measured ms | estimate | streamed in every run |"
    yield "|---|---:|---:|---:|"
    for model in TIMES:
        e = estimate(model.ops())
        streamed = f"{e.streamed_bytes / 2**20:.1f} MiB"
        yield f"| {model.name} | {model.milliseconds:g} | {1e3 * e.seconds:.1f} | {streamed} |"


def _needs(ops: Sequence[Op]) -> np.ndarray:
    """Return what each op computes, moves in a tile that holds it, and moves piece by piece; a row each."""
    rows = np.array([[compute_cycles(op), sum(map(tile_bytes, activations(op))), 0] for op in ops], float)
    pieces = np.array([narrow_bytes(op) > NARROW_MEMORY for op in ops])
    rows[pieces, 2], rows[pieces, 1] = rows[pieces, 1], 0
    return rows


def _cycles(needs: np.ndarray, narrow: float, pieces: float) -> float:
    return float(np.maximum(needs[:, 0], needs[:, 1] / narrow + needs[:, 2] / pieces).sum())


if __name__ == "__main__":
    print("bytes per cycle: {} while an op fits a tile, {} where it does not".format(*fitted_speeds()))
    print("\n".join([*cycles_table(), "", *times_table()]))
