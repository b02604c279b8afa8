"""From integer sums back to 8 bits: TFLite's fixed-point rescaling in a few passes over float64.

Source: tflite/kernels/internal/common.h (MultiplyByQuantizedMultiplier), internal/reference/integer_ops/
fully_connected.h, whose requantization is a product of doubles.

MultiplyByQuantizedMultiplier(acc) is SaturatingRoundingDoublingHighMul by ``multiplier`` and then
RoundingDivideByPOT by ``e = -shift``, which together are ::

    floor(acc * M + 1/2 + sign(acc) * beta)      M = multiplier * 2**-(31 + e), beta = 2**-(e + 1)

with beta = 0 where e <= 0 (the left shift comes first then, and there is one rounding). Both sides are
multiples of 2**-(31 + e), so float64 has them exactly while they stay below 2**(22 - e): for every value
that an 8-bit output does not saturate, if e <= 13. Rounding is monotone, so what is larger saturates all
the same. Channels with a larger e take the integers.
"""

from __future__ import annotations

import math

import numpy as np
from delegraph import frozen, quantize_multipliers, round_half_away

from .kernel import Finish
from .lines import CHUNK, BothWays, Upward
from .steps import Lines, fitting_lines

_FITS_16 = 32000  # steps of the output: with a zero point and ``_WRAP`` they fit int16
_SEARCH = 1 << 14  # sums of a channel that are rescaled in the time of a search for its line
_SHORT = 16  # channels: a loop over fewer takes longer than to repeat what it reads
_MOST_MISSING = 8  # at most a channel in so many is rescaled apart from the others
_WRAP = 256  # added so that truncation is floor, and gone again in the cast to 8 bits


class Requantizer:
    """Writes integer sums (n, channels) as 8-bit values, rounded as MultiplyByQuantizedMultiplier rounds.

    The sums are whole numbers in float32, float64 or an integer type. With the bias they must fit int32, as
    in TFLite. Lines (see ``steps``) are looked for after as many sums as that takes; float32 sums are
    overwritten then.

    :param multipliers: of each channel, as ``quantize_multipliers`` gives them
    :param shifts: of each channel; positive is left
    :param bias: added to the sums first; int64, one for each channel
    :param largest: no sum of a channel has a larger magnitude, without the bias
    :param zero_point: of the output
    :param bounds: lowest and highest value of the output, as ``stored_range`` gives them
    """

    def __init__(
        self,
        multipliers: np.ndarray,
        shifts: np.ndarray,
        bias: np.ndarray,
        largest: np.ndarray,
        zero_point: int,
        bounds: tuple[int, int],
    ) -> None:
        self._multipliers, self._shifts, self._bias, self._largest = multipliers, shifts, bias, largest
        self._zero_point, self._bounds = zero_point, bounds
        e = -shifts.astype(np.float64)
        scale = _scale(multipliers, shifts)
        total = np.abs(bias) + largest
        wraps = total * np.maximum(1.0, 2.0**-e) >= 2.0**31  # out of int32
        exact = (e <= 13) & (total * np.maximum(scale, 2.0**-e) < 2.0**30) & ~wraps
        # A channel whose first and last value are the same has no others: those without weights often
        # have scales that float64 cannot hold.
        self._by_integers = odd = np.flatnonzero(~exact)
        fixed = np.zeros_like(scale)
        if len(odd):
            ends = self._integers(np.stack([-largest, largest])[:, odd], odd)
            self._by_integers = odd[(ends[0] != ends[1]) | wraps[odd]]
            fixed[odd] = ends[0] - zero_point
        steps = (total * np.where(exact, scale, 0.0)).max(initial=0)
        self._narrow = np.dtype(np.int16 if steps < _FITS_16 else np.int32)
        # As numbers of that type: for Python's own, numpy looks at the type's limits each time.
        self._limits = tuple(self._narrow.type(b + _WRAP) for b in bounds)
        signed = bounds[0] < zero_point
        beta = np.where(e > 0, 2.0 ** -(e + 1), 0.0)
        self._scaling = _scaling(
            np.where(exact, scale, 0.0),
            np.where(exact, bias, 0),
            np.where(exact, beta, 0.0),
            fixed,
            zero_point,
            signed,
        )
        self._scale, self._half, self._is_signed = scale, beta + 0.5, signed
        self._until_search = math.inf if wraps.any() else _SEARCH * len(scale)
        self._along_lines: Finish | None = None
        self._rest: _Rest | None = None

    @classmethod
    def of_one_scale(
        cls, scale: float, largest: float, zero_point: int, bounds: tuple[int, int]
    ) -> Requantizer:
        """Return one without bias for sums of one scale, which it wants as (n, 1)."""
        multipliers, shifts = quantize_multipliers([scale])
        return cls(multipliers, shifts, np.zeros(1, np.int64), np.array([largest]), zero_point, bounds)

    def __call__(self, sums: np.ndarray, out: np.ndarray) -> None:
        """Write the rescaled sums to ``out``: (n, channels), int8 or uint8."""
        if sums.dtype != np.float32 or not self._is_fast(sums.size):
            self._exactly(sums, out)
            return
        assert self._along_lines is not None
        apart = None if self._rest is None else self._rest.rescaled(sums, out.dtype)
        self._along_lines(sums, out)
        if self._rest is not None:
            out[:, self._rest.channels] = apart

    def _is_fast(self, count: int) -> bool:
        """Say whether lines were found; look for them when ``count`` more sums make it worth while."""
        self._until_search -= count
        if self._until_search < 0:
            self._until_search = math.inf
            with np.errstate(all="ignore"):
                lines = self._magnitudes() if self._is_signed else self._values()
            if len(lines.missing) * _MOST_MISSING <= len(lines.slopes):
                self._rest = self._of(lines.missing)
                self._along_lines = self._finish(lines)
        return self._along_lines is not None

    def _values(self) -> Lines:
        """Return lines of outputs, less the lowest value of their type."""
        lowest = _lowest(self._bounds)
        return fitting_lines(
            lambda sums, channels: self._integers(sums, channels) - lowest,
            self._scale,
            self._bias * self._scale + (self._half + self._zero_point - lowest),
            self._largest,
            (self._bounds[0] - lowest, self._bounds[1] - lowest),
        )

    def _magnitudes(self) -> Lines:
        """Return lines of magnitudes, of outputs less their zero point and of sums with their bias."""

        def staircase(totals: np.ndarray, channels: np.ndarray) -> np.ndarray:
            up, down = (self._rescaled(t.astype(np.int64), channels) for t in (totals, -totals))
            return np.where(up == -down, up, np.nan)

        low, high = (b - self._zero_point for b in self._bounds)
        reach = np.abs(self._bias) + self._largest
        return fitting_lines(staircase, self._scale, self._half, reach, (0, max(-low, high)), least=0)

    def _finish(self, lines: Lines) -> Finish:
        if self._is_signed:
            low, high = (np.float32(b - self._zero_point) for b in self._bounds)
            return BothWays(lines, self._bias.astype(np.float32), low, high, np.int16(self._zero_point))
        lowest = _lowest(self._bounds)
        low, high = (np.float32(b - lowest) for b in self._bounds)
        return Upward(lines, low, high, lowest < 0)

    def _of(self, channels: np.ndarray) -> _Rest | None:
        """Return what rescales some of the channels, which looks for no lines."""
        if not len(channels):
            return None
        finish = Requantizer(
            self._multipliers[channels],
            self._shifts[channels],
            self._bias[channels],
            self._largest[channels],
            self._zero_point,
            self._bounds,
        )
        finish._until_search = math.inf
        return _Rest(channels, finish)

    def _exactly(self, sums: np.ndarray, out: np.ndarray) -> None:
        n, channels = sums.shape
        step = max(CHUNK // max(channels, 1), 1)
        rows = min(step, n)
        scaling = self._scaling.repeated(rows) if n > step or channels < _SHORT else self._scaling
        wide = np.empty((rows, channels))
        narrow = np.empty((rows, channels), self._narrow)
        for i in range(0, n, step):
            w, q = wide[: n - i], narrow[: n - i]
            np.copyto(w, sums[i : i + step])
            scaling.apply(w)
            np.copyto(q, w, casting="unsafe")
            q.clip(*self._limits, out=q)
            np.copyto(out[i : i + step], q, casting="unsafe")
        if len(self._by_integers):
            out[:, self._by_integers] = self._integers(sums[:, self._by_integers], self._by_integers)

    def _integers(self, sums: np.ndarray, channels: np.ndarray) -> np.ndarray:
        """The definition, for channels that float64 cannot hold; int32 wraps where TFLite's does."""
        rounded = self._rescaled(sums.astype(np.int64) + self._bias[channels], channels)
        return np.asarray(_int32(rounded + self._zero_point).clip(*self._bounds))

    def _rescaled(self, totals: np.ndarray, channels: np.ndarray) -> np.ndarray:
        """MultiplyByQuantizedMultiplier."""
        multiplier, shift = self._multipliers[channels], self._shifts[channels]
        left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
        acc = _int32(totals << (left & 31))
        high = (acc * multiplier + (1 << 30)) >> 31
        half = (np.int64(1) << right) >> 1
        return np.asarray((high + half + np.where(right > 0, high >> 63, 0)) >> right)


class DoubleRequantizer:
    """Writes integer sums (n, channels) as 8-bit values, rounded once from a product of doubles.

    FULLY_CONNECTED does it so: round(sum * scale), halves away from zero.

    :param scales: what a sum's unit is in steps of the output; float64, one for each channel
    :param bias: added to the sums first; int64, one for each channel
    :param wraps: with the bias, a sum may leave int32, and wraps as TFLite's does
    """

    def __init__(
        self,
        scales: np.ndarray,
        bias: np.ndarray,
        zero_point: int,
        bounds: tuple[int, int],
        wraps: bool = False,
    ) -> None:
        self._scales, self._bias, self._wraps = scales, bias, wraps
        self._bounds, self._zero_point = bounds, zero_point
        self._low, self._high = (float(b - zero_point) for b in bounds)
        self._leaves_int32 = bool((scales > 1).any())

    def __call__(self, sums: np.ndarray, out: np.ndarray) -> None:
        """Write the rescaled sums to ``out``: (n, channels), int8 or uint8."""
        wide = sums.astype(np.float64)
        wide += self._bias
        if self._wraps:
            wide = _int32(wide.astype(np.int64)).astype(np.float64)
        wide *= self._scales
        wide = round_half_away(wide)
        if self._leaves_int32:
            np.copyto(out, self._cast(wide), casting="unsafe")
            return
        wide.clip(self._low, self._high, out=wide)
        wide += self._zero_point
        np.copyto(out, wide, casting="unsafe")

    def _cast(self, wide: np.ndarray) -> np.ndarray:
        """Return stored values; x86-64 casts what leaves int32 to its lowest number, whatever the sign."""
        whole = np.where(np.abs(wide) < 2.0**31, wide, -(2.0**31)).astype(np.int64)
        return np.asarray(_int32(whole + self._zero_point).clip(*self._bounds))


@frozen
class _Rest:
    """Channels without a line."""

    channels: np.ndarray
    finish: Finish

    def rescaled(self, sums: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Return what becomes of theirs among the sums (n, all channels): (n, channels)."""
        out = np.empty((len(sums), len(self.channels)), dtype)
        self.finish(sums[:, self.channels], out)
        return out


@frozen
class _Scaling:
    """What turns sums into the stored value plus ``_WRAP`` plus what truncation takes away."""

    scale: np.ndarray  # all of them (1, channels), or repeated (n, channels)
    offset: np.ndarray
    early: np.ndarray | None  # added before scaling
    limits: tuple[np.ndarray, np.ndarray] | None  # sums limited by these are added at the end

    def repeated(self, rows: int) -> _Scaling:
        """Return the same for ``rows`` at a time: whole operands make for one long inner loop."""

        def full(vector: np.ndarray) -> np.ndarray:
            return np.repeat(vector, rows, axis=0)

        limits = None if self.limits is None else (full(self.limits[0]), full(self.limits[1]))
        early = None if self.early is None else full(self.early)
        return _Scaling(full(self.scale), full(self.offset), early, limits)

    def apply(self, sums: np.ndarray) -> None:
        """Scale sums (n, channels), float64, in place."""
        n = len(sums)
        if self.early is not None:
            sums += self.early[:n]
        sums *= self.scale[:n]
        sums += self.offset[:n]
        if self.limits is not None:
            limited = np.maximum(sums, self.limits[0][:n])
            np.minimum(limited, self.limits[1][:n], out=limited)
            sums += limited


def _scaling(
    scale: np.ndarray,
    bias: np.ndarray,
    beta: np.ndarray,
    fixed: np.ndarray,
    zero_point: int,
    signed: bool,
) -> _Scaling:
    """Return the scaling of channels that float64 holds.

    :param fixed: added to the zero point; what channels of scale 0 have
    :param signed: some outputs lie below the zero point, so that the sign of beta shows. Where none do,
        what is negative ends in the lower bound with either sign.
    """
    # bias * scale is exact, too, unless the bias is large: then it is added before scaling.
    reach = np.divide(640.0, scale, out=np.zeros_like(scale), where=scale > 0)
    late = bool((np.abs(bias) + reach < 2.0**22).all())
    early = None if late else bias.astype(np.float64)[None]
    shift = fixed + bias * scale if late else fixed
    whole = zero_point + _WRAP + 0.5
    if not (signed and beta.any()):
        return _Scaling(scale[None], (shift + (whole + beta))[None], early, None)
    # sign(acc) * beta is acc * M limited to [-beta, beta], since M >= beta. Half of the offset goes into
    # what is limited and comes out of it again, so that the two together have all of it.
    limits = (whole / 2 - beta)[None], (whole / 2 + beta)[None]
    return _Scaling(scale[None], (shift + whole / 2)[None], early, limits)


def _scale(multipliers: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    return np.asarray(multipliers * 2.0 ** (shifts - 31.0))


def _lowest(bounds: tuple[int, int]) -> int:
    """Return the lowest value of the 8-bit type that has these bounds."""
    return -128 if bounds[0] < 0 else 0


def _int32(x: np.ndarray) -> np.ndarray:
    return np.asarray(((x + (1 << 31)) & 0xFFFFFFFF) - (1 << 31))
