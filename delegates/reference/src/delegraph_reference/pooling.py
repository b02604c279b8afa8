"""Pools: what is under a window combined into one value, channel by channel, a block of rows at a time.

The rows of a window are combined first, then the columns, so that a window of 7 x 7 takes 7 + 7 passes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op, Window, evolve, fused_activation, needs
from delegraph.rules import known_activation, one_scale_at_most, operand, real_windows

from .elementwise import quietly
from .kernel import Kernel
from .windows import Windows, windows_of

# write(combined, out, rows): values (rows, columns, channels), their part of the result, and which rows
Write = Callable[[np.ndarray, np.ndarray, slice], None]

_BUDGET = 1 << 16  # elements of a block's result


def pool_windows(op: Op) -> Windows:
    """Return the windows of a pool op, without what lies outside the image wherever they stand."""
    shape = operand(op, 0).shape
    assert shape is not None
    w = windows_of(op, shape, (op.options.filter_height, op.options.filter_width))
    return evolve(w, rows=_trimmed(w.rows, w.height), columns=_trimmed(w.columns, w.width))


def pool_kernel(windows: Windows, combine: np.ufunc, dtype: str, fill: float, write: Write) -> Kernel:
    """Return a kernel that writes to the pooled images what ``combine`` makes of each window.

    :param combine: np.add, np.fmax, ...: combines two arrays of ``dtype``
    :param fill: what is outside the image
    """
    wide = np.dtype(dtype)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        out = np.empty((len(x), *windows.positions, windows.channels), x.dtype)
        if out.size:
            for image, result in zip(x, out, strict=True):
                for first, last in windows.blocks(windows.channels, _BUDGET):
                    seen = windows.padded(image, first, last, fill, wide)
                    write(
                        _combined(seen, windows, last - first, combine),
                        result[first:last],
                        slice(first, last),
                    )
        return (out,)

    return quietly(run)


def window_counts(windows: Windows) -> np.ndarray:
    """Return how many elements of the image each window covers: (rows, columns, 1), float64."""
    rows, columns = _inside(windows.rows, windows.height), _inside(windows.columns, windows.width)
    return np.multiply.outer(rows, columns)[..., None]  # type: ignore[no-any-return]


@needs("an output with one scale where there is a fused activation")
def scaled_if_activated(op: Op) -> str | None:
    """The stored numbers are pooled whatever the scales; the activation's bounds depend on the output's."""
    out = op.outputs[0]
    return None if fused_activation(op) == "NONE" or out.scale > 0 else f"no scale on {out.name!r}"


def _trimmed(window: Window, size: int) -> Window:
    """Return a window less the taps that see none of ``size`` elements in any position."""
    last = (window.output - 1) * window.stride - window.before  # where the last position begins
    first_tap = max(-last, 0)
    past_tap = min(window.size, window.before + size)
    if past_tap <= first_tap:
        return window  # no positions, or nothing to see
    before, taps = window.before - first_tap, past_tap - first_tap
    return evolve(window, size=taps, before=before, after=max(last + past_tap - size, 0))


def _inside(window: Window, size: int) -> np.ndarray:
    start = np.arange(window.output) * float(window.stride) - window.before
    return np.asarray(np.minimum(start + window.size, size) - np.maximum(start, 0))


def _combined(seen: np.ndarray, windows: Windows, rows: int, combine: np.ufunc) -> np.ndarray:
    by_rows = _along(seen, windows.rows, rows, combine)
    across = _along(by_rows.swapaxes(0, 1), windows.columns, windows.columns.output, combine)
    return np.asarray(across.swapaxes(0, 1))


def _along(values: np.ndarray, window: Window, output: int, combine: np.ufunc) -> np.ndarray:
    """Combine what the first ``output`` windows along the first axis cover."""
    reach = (output - 1) * window.stride + 1
    taps = [values[i : i + reach : window.stride] for i in range(window.size)]
    if len(taps) == 1:
        return np.asarray(taps[0])
    total = combine(taps[0], taps[1])
    for tap in taps[2:]:
        combine(total, tap, out=total)
    return np.asarray(total)


POOLS_FLOATS = (known_activation, real_windows)
POOLS_INTEGERS = (known_activation, real_windows, scaled_if_activated, one_scale_at_most)
