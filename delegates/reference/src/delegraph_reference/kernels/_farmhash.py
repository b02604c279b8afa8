"""FarmHash's Fingerprint64: a hash of bytes that stays the same on every machine.

Source: google/farmhash, farmhashna::Hash64.
"""

from __future__ import annotations

_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_MASK = (1 << 64) - 1


def fingerprint64(data: bytes) -> int:
    """Return the unsigned 64-bit fingerprint."""
    size = len(data)
    if size <= 16:
        return _up_to_16(data, size)
    if size <= 32:
        return _up_to_32(data, size)
    return _up_to_64(data, size) if size <= 64 else _longer(data, size)


def _up_to_16(data: bytes, size: int) -> int:
    mul = (_K2 + 2 * size) & _MASK
    if size >= 8:
        a, b = _word(data, 0) + _K2, _word(data, size - 8)
        return _mixed(_rotated(b, 37) * mul + a, (_rotated(a, 25) + b) * mul, mul)
    if size >= 4:
        return _mixed(size + (_half(data, 0) << 3), _half(data, size - 4), mul)
    if size > 0:
        y = data[0] + (data[size >> 1] << 8)
        z = size + (data[size - 1] << 2)
        return (_folded(y * _K2 ^ z * _K0) * _K2) & _MASK
    return _K2


def _up_to_32(data: bytes, size: int) -> int:
    mul = (_K2 + 2 * size) & _MASK
    a, b = _word(data, 0) * _K1, _word(data, 8)
    c, d = _word(data, size - 8) * mul, _word(data, size - 16) * _K2
    return _mixed(_rotated(a + b, 43) + _rotated(c, 30) + d, a + _rotated(b + _K2, 18) + c, mul)


def _up_to_64(data: bytes, size: int) -> int:
    mul = (_K2 + 2 * size) & _MASK
    a, b = _word(data, 0) * _K2, _word(data, 8)
    c, d = _word(data, size - 8) * mul, _word(data, size - 16) * _K2
    y = _rotated(a + b, 43) + _rotated(c, 30) + d
    z = _mixed(y, a + _rotated(b + _K2, 18) + c, mul)
    e, f = _word(data, 16) * mul, _word(data, 24)
    g, h = (y + _word(data, size - 32)) * mul, (z + _word(data, size - 24)) * mul
    return _mixed(_rotated(e + f, 43) + _rotated(g, 30) + h, e + _rotated(f + a, 18) + g, mul)


def _longer(data: bytes, size: int) -> int:
    x, y = 81, 81 * _K1 + 113
    state = ((x * _K2 + _word(data, 0)) & _MASK, y & _MASK, (_folded(y * _K2 + 113) * _K2) & _MASK)
    v = w = (0, 0)
    for start in range(0, (size - 1) // 64 * 64, 64):
        state, v, w = _round(data, start, state, v, w, _K1, 1)
    mul = _K1 + ((state[2] & 0xFF) << 1)
    w = (w[0] + ((size - 1) & 63), w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    (x, y, z), v, w = _round(data, size - 64, state, v, w, mul, 9)
    first = _mixed(v[0], w[0], mul) + _folded(y) * _K0 + z
    return _mixed(first, _mixed(v[1], w[1], mul) + x, mul)


_Pair = tuple[int, int]
_State = tuple[int, int, int]


def _round(
    data: bytes, at: int, state: _State, v: _Pair, w: _Pair, mul: int, weight: int
) -> tuple[_State, _Pair, _Pair]:
    """Take in 64 bytes; ``weight`` is 9 for the last ones."""
    x, y, z = state
    x = _rotated(x + y + v[0] + _word(data, at + 8), 37) * mul & _MASK
    y = _rotated(y + v[1] + _word(data, at + 48), 42) * mul
    x ^= w[1] * weight & _MASK
    y = y + v[0] * weight + _word(data, at + 40) & _MASK
    z = _rotated(z + w[0], 33) * mul & _MASK
    v = _weak(data, at, v[1] * mul, x + w[0])
    w = _weak(data, at + 32, z + w[1], y + _word(data, at + 16))
    return (z, y, x), v, w


def _weak(data: bytes, at: int, a: int, b: int) -> _Pair:
    first, second, third, fourth = (_word(data, at + 8 * i) for i in range(4))
    a += first
    b = _rotated(b + a + fourth, 21)
    c = a
    a += second + third
    b += _rotated(a, 44)
    return (a + fourth) & _MASK, (b + c) & _MASK


def _mixed(u: int, v: int, mul: int) -> int:
    a = _folded((u ^ v) * mul)
    return _folded((v ^ a) * mul) * mul & _MASK


def _folded(value: int) -> int:
    value &= _MASK
    return value ^ value >> 47


def _rotated(value: int, right: int) -> int:
    value &= _MASK
    return (value >> right | value << (64 - right)) & _MASK


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _half(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")
