"""Threefry2x32-20, the counter-based random numbers of JAX.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011); tflite/kernels/rng_util.cc.
"""

from __future__ import annotations

import numpy as np

_ROTATIONS = (13, 15, 26, 6), (17, 29, 16, 24)
_PARITY = 0x1BD11BDA


def pairs(key: int, counter: int, count: int) -> np.ndarray:
    """Return ``count`` pairs of numbers, uint32 (count, 2).

    :param key: 64 bits
    :param counter: 64 bits of the first pair's counter; they count up and wrap
    """
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    keys = [np.uint32(k) for k in (k0, k1, k0 ^ k1 ^ _PARITY)]
    steps = np.arange(count, dtype=np.uint64) + np.uint64(counter)
    x, y = steps.astype(np.uint32) + keys[0], (steps >> np.uint64(32)).astype(np.uint32) + keys[1]
    for i in range(5):
        for r in _ROTATIONS[i % 2]:
            x = x + y
            y = (y << np.uint32(r) | y >> np.uint32(32 - r)) ^ x
        x = x + keys[(i + 1) % 3]
        y = y + keys[(i + 2) % 3] + np.uint32(i + 1)
    return np.stack([x, y], 1)
