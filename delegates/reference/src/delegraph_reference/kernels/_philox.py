"""Philox4x32-10, the counter-based random numbers of TensorFlow and LiteRT.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011); xla/tsl/lib/random/
philox_random.h, random_distributions_utils.h (Uint32ToFloat, Uint64ToDouble).
"""

from __future__ import annotations

import secrets

import numpy as np
from delegraph import Op

_ROUNDS = 10
_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_KEY_STEPS = 0x9E3779B9, 0xBB67AE85
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


class Stream:
    """The random numbers of one op, which go on from one run to the next.

    Seeds of 0 ask for others at each start, as in LiteRT.
    """

    def __init__(self, op: Op) -> None:
        seed, seed2 = (_as_int32(int(s)) for s in (op.options.seed, op.options.seed2))
        if seed == seed2 == 0:
            seed, seed2 = secrets.randbits(64), secrets.randbits(64)
        self._key, self._high = seed % 2**64, seed2 % 2**64
        self._position = 0  # of the next block of four numbers

    def words(self, count: int) -> np.ndarray:
        """Return the next ``count`` numbers, uint32; what is left of the last block of four is dropped."""
        found = self.peek(count)
        self.skip(-(-count // 4))
        return found

    def peek(self, count: int) -> np.ndarray:
        """Return the next ``count`` numbers without going on."""
        return blocks(self._key, self._position, self._high, -(-count // 4)).reshape(-1)[:count]

    def skip(self, count: int) -> None:
        """Leave out so many blocks of four numbers."""
        self._position = (self._position + count) % 2**64


def blocks(key: int, low: int, high: int, count: int) -> np.ndarray:
    """Return ``count`` blocks of four numbers, uint32 (count, 4).

    :param key: 64 bits
    :param low: lower 64 bits of the first block's counter; they count up and wrap
    :param high: upper 64 bits of the counter, the same for all blocks
    """
    steps = np.arange(count, dtype=np.uint64) + np.uint64(low)
    ones = np.ones(count, np.uint64)
    words = [steps & _LOW, steps >> _32, ones * np.uint64(high & 0xFFFFFFFF), ones * np.uint64(high >> 32)]
    keys = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(_ROUNDS):
        first = words[0] * np.uint64(_MULTIPLIERS[0])
        second = words[2] * np.uint64(_MULTIPLIERS[1])
        words = [
            (second >> _32) ^ words[1] ^ np.uint64(keys[0]),
            second & _LOW,
            (first >> _32) ^ words[3] ^ np.uint64(keys[1]),
            first & _LOW,
        ]
        keys = [(k + step) & 0xFFFFFFFF for k, step in zip(keys, _KEY_STEPS, strict=True)]
    return np.stack(words, 1).astype(np.uint32)


def _as_int32(seed: int) -> int:
    """Return the seed as LiteRT keeps it: in 32 bits, with a sign."""
    return (seed + 2**31) % 2**32 - 2**31


def unit_floats(words: np.ndarray) -> np.ndarray:
    """Return float32 in [0, 1): the lower 23 bits become the fraction of a number in [1, 2), less 1."""
    bits = (words & np.uint32(0x7FFFFF)) | np.uint32(127 << 23)
    return np.asarray(bits.view(np.float32) - np.float32(1))


def unit_doubles(words: np.ndarray) -> np.ndarray:
    """Return float64 in [0, 1) from pairs of numbers: 20 bits of the first above the second."""
    high, low = words[0::2].astype(np.uint64), words[1::2].astype(np.uint64)
    bits = np.uint64(1023 << 52) | (high & np.uint64(0xFFFFF)) << _32 | low
    return np.asarray(bits.view(np.float64) - 1.0)
