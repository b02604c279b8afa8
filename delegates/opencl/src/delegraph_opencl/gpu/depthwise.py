"""Depthwise convolutions on GPUs: many small work-items, each with a few pixels of four channels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..program.epilogue import NO_EPILOGUE, Epilogue
from ..program.geometry import Geometry
from ..program.launch import Launch, Packed, blocks, int32s, rounded_up
from ..program.node import Value
from ..program.sources import cl_source
from ..program.target import Target
from ..program.weights import Weights
from .convolution import stores
from .device import fits
from .tuning import Candidate, tuned

_COLUMNS = 16  # vectors of a line that a work-item holds at the most
_CUTS = tuple((pixels, group) for pixels in (4, 2, 1) for group in (64, 128, 256))


def depthwise(
    g: Geometry, x: Value, weights: Weights, y: Value, epilogue: Epilogue, target: Target
) -> Iterator[Launch]:
    """Yield the launch of a depthwise convolution with weights (1, height, width, out)."""
    if not g.positions * g.out_channels:
        return
    key = f"{weights.key} by depth, {target.real_size} bytes each"
    nbytes = target.real_size * g.taps * rounded_up(g.out_channels, 4)
    packed = Packed(key, lambda: _padded(weights.make(), target.half), nbytes)
    candidates = [cut for cut in cuts(g) if fits(target, cut[1])]
    exact = x.levels is not None
    sizes = (g.batch, g.height, g.width, g.channels, g.out_channels, g.rows, g.columns)
    name = f"depthwise {sizes}{' of integers' if exact else ''}"
    chosen = tuned(target, name, candidates, lambda cut: [_launch(g, cut, x, packed, y, None)], exact)
    yield _launch(g, chosen, x, packed, y, epilogue)


def cuts(g: Geometry) -> list[Candidate]:
    """Return pixels of a work-item and work-items of a group; where columns overlap, many pixels first."""
    fitting = [cut for cut in _CUTS if _under(g, cut[0]) <= _COLUMNS and cut[0] <= g.columns.output]
    shares = g.columns.stride < g.columns.reach and g.columns.dilation == 1
    return sorted(fitting or [(1, 64)], key=lambda cut: (-cut[0] if shares else cut[0], cut[1]))


def _under(g: Geometry, pixels: int) -> int:
    """Return how many columns lie under the windows of neighboring pixels."""
    return (pixels - 1) * g.columns.stride + g.columns.reach


def _launch(
    g: Geometry, cut: Candidate, x: Value, packed: Packed, y: Value, epilogue: Epilogue | None
) -> Launch:
    (pixels, group), epilogue = cut, epilogue or NO_EPILOGUE
    lines, quads = g.batch * g.rows.output, blocks(g.out_channels, 4)
    whole = g.out_channels % 4 == 0 and y.shape[-1] == g.out_channels
    args = (
        *(x, packed, y),
        *int32s(lines, g.height, g.width, g.channels, g.out_channels, rounded_up(g.out_channels, 4)),
        *int32s(g.rows.output, g.columns.output, g.rows.stride, g.rows.dilation),
        *int32s(g.rows.before, g.columns.before, g.rows.size),
        *epilogue.args,
    )
    defines = (
        ("PIXELS", pixels),
        ("STRIDE_X", g.columns.stride),
        ("KERNEL_X", g.columns.size),
        ("DILATION_X", g.columns.dilation),
        ("LOAD_CHANNELS(p, c)", _load(g)),
        ("PLAIN", 1),
        *stores(whole, epilogue),
    )
    items = rounded_up(lines * blocks(g.columns.output, pixels) * quads, group)
    return Launch(
        epilogue.text + cl_source("gpu/window.cl", "gpu/depthwise.cl"),
        "depthwise",
        args,
        (items,),
        (group,),
        defines,
        (y,),
        2 * g.positions * g.out_channels * g.taps,
    )


def _load(g: Geometry) -> str:
    """Return C that reads the input channels of output channels ``c`` to ``c + 3``."""
    multiplier = g.out_channels // g.channels
    if multiplier == 1:
        return "LOADA4(p, c)" if g.channels % 4 == 0 else "LOAD4(p, c)"
    return f"(F4)({', '.join(f'LOAD(p, ((c) + {j}) / {multiplier})' for j in range(4))})"


def _padded(weights: np.ndarray, half: bool) -> np.ndarray:
    """Return weights (taps, channels), the channels padded to a multiple of 4."""
    lines = weights.reshape(-1, weights.shape[-1])
    padded = np.pad(lines, ((0, 0), (0, -lines.shape[1] % 4)))
    return np.ascontiguousarray(padded, np.float16 if half else np.float32)
