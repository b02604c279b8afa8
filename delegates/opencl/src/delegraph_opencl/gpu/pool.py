"""Pools on GPUs: a work-item for each result of four channels, or many for one with a large window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..program.epilogue import NO_EPILOGUE, Epilogue
from ..program.geometry import Geometry
from ..program.launch import Launch, blocks, int32s
from ..program.node import Value
from ..program.sources import cl_source
from ..program.target import Target
from .convolution import stores
from .device import fits
from .tuning import Candidate, tuned

# Results of a work-group, and work-items that share each.
_ALONE = ((64, 1), (128, 1), (256, 1))
_SHARED = ((16, 16), (8, 32), (32, 4), (64, 4))
_LARGE = 32  # taps: work-items share windows from here on, where there are few of them
_MANY = 1024  # results for each compute unit that keep it busy


def pooled(
    g: Geometry,
    how: Sequence[tuple[str, object]],
    x: Value,
    y: Value,
    epilogue: Epilogue,
    target: Target,
) -> Iterator[Launch]:
    """Yield the launch of a pool.

    :param how: the macros ``START``, ``COMBINED(v, a)`` and ``FACTOR(n)``, of floats and of vectors.
    """
    if not g.positions * g.channels:
        return
    sizes = (g.batch, g.height, g.width, g.channels, g.rows, g.columns)
    chosen = tuned(
        target,
        f"pool {sizes}",
        cuts(g, target),
        lambda cut: [_launch(g, cut, how, x, y, None)],
        x.levels is not None,
    )
    yield _launch(g, chosen, how, x, y, epilogue)


def cuts(g: Geometry, target: Target) -> list[Candidate]:
    """Return results of a work-group, and work-items that share each; the best by rule first."""
    few = g.taps >= _LARGE and g.positions * blocks(g.channels, 4) < _MANY * target.units
    listed = (*_SHARED, *_ALONE) if few else _ALONE
    return [cut for cut in listed if fits(target, cut[0] * cut[1], 16 * cut[0] * cut[1])]


def _launch(
    g: Geometry,
    cut: Candidate,
    how: Sequence[tuple[str, object]],
    x: Value,
    y: Value,
    epilogue: Epilogue | None,
) -> Launch:
    (lanes, slices), epilogue = cut, epilogue or NO_EPILOGUE
    aligned = g.channels % 4 == 0
    defines = [
        ("LANES", lanes),
        ("SLICES", slices),
        ("PLAIN", 1),
        ("LOAD_CHANNELS", "LOADA4" if aligned else "LOAD4"),
        *stores(aligned and y.shape[-1] == g.channels, epilogue),
        *how,
    ]
    args = (
        *(x, y),
        *int32s(g.positions, g.height, g.width, g.channels, g.rows.output, g.columns.output),
        *int32s(g.rows.size, g.columns.size, g.rows.stride, g.columns.stride),
        *int32s(g.rows.before, g.columns.before),
        np.float32(x.scale),
        *epilogue.args,
    )
    return Launch(
        epilogue.text + cl_source("gpu/window.cl", "gpu/pool.cl"),
        "pool",
        args,
        (blocks(g.positions * blocks(g.channels, 4), lanes) * lanes * slices,),
        (lanes * slices,),
        tuple(defines),
        (y,),
        g.positions * g.channels * g.taps,
    )
