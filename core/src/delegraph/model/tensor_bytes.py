"""How a tensor's values lie in its buffer: little-endian elements, packed bits, strings.

Source: tflite/string_util.cc; tflite/kernels/internal/portable_tensor_utils.cc (packed int4 and int2).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from ..errors import InputError, ModelError
from ..text import shape_text
from .dtypes import DTYPES, DType


def stored_bytes(values: np.ndarray, dtype: str) -> np.ndarray:
    """Return a tensor's values as the bytes of its buffer (uint8, flat).

    :raises InputError: the array cannot hold values of this type, or a value is out of its range
    """
    want = DTYPES[dtype]
    if values.dtype != want.numpy:
        raise InputError(f"{dtype} values need an array of {want.numpy}, found {values.dtype}")
    if dtype == "string":
        return _pack_strings(values.ravel().tolist())
    if not want.bits:
        raise InputError(f"a {dtype} cannot be a constant")
    flat = np.ascontiguousarray(values).reshape(-1)
    return _pack_bits(flat, want) if want.is_packed else flat.view(np.uint8)


def check_stored(stored: np.ndarray, dtype: str, shape: Sequence[int], size: int) -> None:
    """Check that a buffer holds ``size`` elements; ``shape`` is for the message.

    :raises ModelError: it holds more or fewer, or values of this type cannot be stored
    """
    bits = DTYPES[dtype].bits
    if dtype == "string":
        count = len(_string_places(stored)) - 1
        if count != size:
            raise ModelError(f"shape {shape_text(shape)} needs {size} strings, found {count}")
    elif not bits:
        raise ModelError(f"a {dtype} cannot have values in the file, found {len(stored)} bytes")
    elif (size * bits + 7) // 8 != len(stored):
        need = (size * bits + 7) // 8
        raise ModelError(f"shape {shape_text(shape)} of {dtype} needs {need} bytes, found {len(stored)}")


def stored_values(stored: np.ndarray, dtype: str, size: int) -> np.ndarray:
    """Return the elements of a buffer that ``check_stored`` found good: flat, read-only.

    They are a view of it where numpy has the type.
    """
    kind = DTYPES[dtype]
    if dtype == "string":
        values = _strings(stored)
    elif kind.is_packed:
        values = _unpacked(stored, kind.bits, kind.numpy, size)
    elif dtype == "bool" and len(stored) and stored.max() > 1:
        values = stored != 0  # numpy would take a byte of 2 as a third truth
    else:
        return stored.view(kind.numpy)
    values.flags.writeable = False
    return values


def holds(stored: np.ndarray, dtype: str, data: np.ndarray) -> bool:
    """Say whether a buffer holds these values. Its bytes may differ: padding, gaps between strings."""
    try:
        check_stored(stored, dtype, data.shape, data.size)
    except ModelError:
        return False
    flat = data.reshape(-1)
    if not is_view(dtype):
        return bool(flat.tolist() == stored_values(stored, dtype, data.size).tolist())
    as_bytes = stored_bytes(flat, dtype)
    return _place(stored) == _place(as_bytes) or np.array_equal(stored, as_bytes)


def is_view(dtype: str) -> bool:
    """Say whether a buffer's bytes are the values, whatever they are."""
    return dtype != "bool" and DTYPES[dtype].bits >= 8


def _place(array: np.ndarray) -> tuple[int, int]:
    """Return where the bytes of a contiguous array lie, and how many they are."""
    return array.__array_interface__["data"][0], array.nbytes


def _unpacked(stored: np.ndarray, bits: int, dtype: np.dtype, size: int) -> np.ndarray:
    """Return elements of 2 or 4 bits, one per byte; the first lies in the lowest bits of the first byte."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    # Each element's bits go to the top of a byte, so that the shift back extends its sign.
    spread = stored[:, None] << (8 - bits - shifts)
    values: np.ndarray = spread.reshape(-1)[:size].view(dtype) >> (8 - bits)
    return values


def _pack_bits(values: np.ndarray, dtype: DType) -> np.ndarray:
    bits, (low, high) = dtype.bits, dtype.limits
    if values.size and not low <= values.min() <= values.max() <= high:
        raise InputError(f"{dtype.name} values need {low}..{high}, found {values.min()}..{values.max()}")
    per_byte = 8 // bits
    padded = np.zeros(-(-values.size // per_byte) * per_byte, np.uint8)
    padded[: values.size] = values.view(np.uint8) & ((1 << bits) - 1)
    groups = padded.reshape(-1, per_byte) << np.arange(0, 8, bits, dtype=np.uint8)
    packed: np.ndarray = np.bitwise_or.reduce(groups, axis=1)
    return packed.astype(np.uint8)


def _string_places(stored: np.ndarray) -> np.ndarray:
    """Return where each string of a buffer begins, and where the last one ends (int64, count + 1 values).

    The buffer holds these places as int32 behind the count of strings, and then their bytes.
    """
    if not len(stored):
        return np.zeros(1, np.int64)
    if len(stored) < 8:
        raise ModelError(f"a buffer of strings needs at least 8 bytes, found {len(stored)}")
    count = int(stored[:4].view("<i4")[0])
    if not 0 <= count <= len(stored) // 4 - 2:
        raise ModelError(f"a buffer of {len(stored)} bytes cannot hold {count} strings")
    places = stored[4 : 8 + 4 * count].view("<i4").astype(np.int64)
    if places[0] < 8 + 4 * count or places[-1] > len(stored) or np.any(np.diff(places) < 0):
        raise ModelError(f"the places of {count} strings do not ascend within {len(stored)} bytes")
    return places


def _strings(stored: np.ndarray) -> np.ndarray:
    places = _string_places(stored).tolist()
    raw = stored.tobytes()
    values = np.empty(len(places) - 1, object)
    values[:] = [raw[start:end] for start, end in pairwise(places)]
    return values


def _pack_strings(values: Sequence[bytes]) -> np.ndarray:
    if others := [v for v in values if not isinstance(v, bytes)]:
        raise InputError(f"string values need bytes, found {others[0]!r:.40}")
    start = 8 + 4 * len(values)  # of the first string
    places = accumulate((len(v) for v in values), initial=start)
    head = np.array([len(values), *places], "<i4")
    return np.frombuffer(head.tobytes() + b"".join(values), np.uint8)
