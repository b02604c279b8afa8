"""Sums rescaled along lines in float32 (see ``steps``), in place, for fixed-point arithmetic."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from delegraph import frozen

from .steps import Lines

# Elements at a time: they stay in the cache from the first pass to the last. With fewer, calls take longer
# than their work, and threads wait for Python's lock between the passes.
CHUNK = 65536
_SIGN = np.uint8(0x80)  # makes an int8 of what is 128 more, as uint8
_SIGN32 = np.int32(-(1 << 31))


@frozen
class Upward:
    """For outputs that do not lie below the zero point: limits cut off what is negative."""

    lines: Lines  # of stored values less the lowest of their type
    low: np.float32  # of these values
    high: np.float32
    is_int8: bool

    def __call__(self, sums: np.ndarray, out: np.ndarray) -> None:
        """Write the rescaled sums to ``out``: (n, channels), int8 or uint8. The sums are overwritten."""
        _in_chunks(sums, out.view(np.uint8), (self.lines.slopes, self.lines.offsets), self._rescale)

    def _rescale(self, sums: np.ndarray, out: np.ndarray, slopes: np.ndarray, offsets: np.ndarray) -> None:
        sums *= slopes
        sums += offsets
        sums.clip(self.low, self.high, out=sums)
        np.copyto(out, sums, casting="unsafe")
        if self.is_int8:
            np.bitwise_xor(out, _SIGN, out=out)


@frozen
class BothWays:
    """For outputs on both sides of the zero point: lines of magnitudes, and the sign."""

    lines: Lines  # of magnitudes of stored values less the zero point
    bias: np.ndarray  # float32
    low: np.float32  # of stored values less the zero point
    high: np.float32
    zero_point: np.int16

    def __call__(self, sums: np.ndarray, out: np.ndarray) -> None:
        """Write the rescaled sums to ``out``: (n, channels), int8 or uint8. The sums are overwritten."""
        _in_chunks(sums, out, (self.bias, self.lines.slopes, self.lines.offsets), self._rescale)

    def _rescale(
        self, sums: np.ndarray, out: np.ndarray, bias: np.ndarray, slopes: np.ndarray, offsets: np.ndarray
    ) -> None:
        sums += bias
        sums *= slopes
        signed = np.bitwise_and(sums.view(np.int32), _SIGN32)  # the offsets with the signs of the sums
        signed |= offsets.view(np.int32)
        sums += signed.view(np.float32)
        sums.clip(self.low, self.high, out=sums)
        stored = sums.astype(np.int16)  # towards zero
        stored += self.zero_point
        np.copyto(out, stored, casting="unsafe")


def _in_chunks(
    sums: np.ndarray, out: np.ndarray, vectors: tuple[np.ndarray, ...], rescale: Callable[..., None]
) -> None:
    """Call ``rescale`` on some rows at a time, with the vectors repeated for each of them.

    Operands of one shape make for one long inner loop.
    """
    step = max(CHUNK // max(sums.shape[1], 1), 1)
    repeated = _repeated(vectors, min(step, len(sums)))
    for first in range(0, len(sums), step):
        part = sums[first : first + step]
        rescale(part, out[first : first + step], *(v[: len(part)] for v in repeated))


def _repeated(vectors: tuple[np.ndarray, ...], rows: int) -> list[np.ndarray]:
    """Return the vectors for so many rows; the last ones are kept, for a layer's next block."""
    last, arrays = getattr(_kept, "last", ((), []))
    known = len(last) == len(vectors) and all(a is b for a, b in zip(last, vectors, strict=True))
    if not known or len(arrays[0]) < rows:
        arrays = [np.repeat(v[None], rows, axis=0) for v in vectors]
        _kept.last = vectors, arrays
    return arrays


_kept = threading.local()
