"""How loud a sound is, by frequency and time."""

from __future__ import annotations

import numpy as np

RANGE = 80.0  # decibels below the loudest that are shown
COLUMNS = 800  # moments of a sound, at most


def loudness(mono: np.ndarray, rate: int) -> np.ndarray:
    """Return decibels from 0 (RANGE below the loudest) to 1: (frequencies, moments), the highest first."""
    window = 1 << max(5, round(np.log2(max(rate * 0.03, 1))))  # about 30 ms
    padded = np.pad(mono, (0, max(0, window - len(mono))))
    starts = np.linspace(0, len(padded) - window, min(COLUMNS, len(padded) - window + 1)).astype(int)
    frames = padded[starts[:, None] + np.arange(window)] * np.hanning(window)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    decibels = 10 * np.log10(np.maximum(power / max(power.max(), 1e-20), 10 ** (-RANGE / 10)))
    shares = np.asarray(np.clip(decibels / RANGE + 1, 0, 1))
    return np.flip(shares.T, axis=0)
