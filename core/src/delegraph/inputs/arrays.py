"""Inputs from .npy and .npz files, and from random bits."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

import numpy as np

from ..errors import InputError
from ..file import archive
from ..file.reader import MAX_TENSOR_BYTES
from ..model import DTYPES, Tensor
from ..numbers import is_quantized, stored_from_real, stored_limits
from ..run import Argument, stored
from ..text import escaped, shape_text

_HEADER_BYTES = 4096  # Python's parser reads an .npy file's header: not one of any length
_READ_HEADER = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_SHOWN = 20  # names of an archive's arrays in a message
_ONES = {"float8_e4m3fn": 0x38, "float8_e5m2": 0x3C}  # the bits of 1
_INDICES = 100  # random values of unquantized integers lie below: LiteRT's benchmark_model does so, too


def read_npy(argument: Argument, file: str) -> np.ndarray:
    """Return the array of an .npy file."""
    with _errors_name(file), open(file, "rb") as stream:
        array = _array(argument, stream, os.fstat(stream.fileno()).st_size, escaped(file))
    return fitted(argument, array, escaped(file))


def read_npz(argument: Argument, file: str) -> np.ndarray:
    """Return the array of an .npz file that has the input's name, or its only one."""
    with _errors_name(file), open(file, "rb") as stream, archive.opened(stream) as members:
        name = _member_name(argument, members.namelist(), file)
        where = f"{escaped(file)}, array {name.removesuffix('.npy')!r}"
        found = archive.member(members, name, MAX_TENSOR_BYTES)
        with members.open(found) as member:
            array = _array(argument, member, found.file_size, where)
    return fitted(argument, array, where)


def random(argument: Argument, text: str) -> np.ndarray:
    """Return random values of the input's type.

    Floats from -1 to 1; every stored value of quantized integers and of those of up to 8 bits, 0 to 99 of
    others; strings of the numbers 0 to 99.

    :param text: ``random`` (seed 0) or ``random:SEED``.
    :raises InputError: the seed is no number, or the input has no shape or is no value: a resource
    """
    seed = text.partition(":")[2] or "0"
    if not seed.isdigit():
        raise InputError(f"input {argument.name!r}: the seed needs to be a whole number, found {text!r}")
    tensor = argument.tensor
    if tensor.shape is None:
        raise InputError(f"input {argument.text} has no shape of its own; give an array")
    if DTYPES[tensor.dtype].values == "handle":
        raise InputError(f"input {argument.text} has no values that could be drawn")
    # Raw bits: numpy keeps these streams for good, those of Generator's methods it may change.
    bits = np.random.PCG64(int(seed)).random_raw(tensor.size).reshape(tensor.shape)
    return _drawn(bits, tensor)


def _drawn(bits: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return values made of as many times 64 random bits."""
    dtype = DTYPES[tensor.dtype]
    if dtype.values == "bool":
        return np.asarray(bits >> np.uint64(63) == 1)
    if dtype.is_integer:
        return _integers_drawn(bits, tensor)
    if dtype.values == "string":
        texts = np.empty(bits.shape, object)
        texts.reshape(-1)[:] = [b"%d" % (n % _INDICES) for n in (bits >> np.uint64(32)).ravel().tolist()]
        return texts
    real = (bits >> np.uint64(40)) / np.float64(1 << 23) - 1
    if dtype.is_bits:
        return _float_bits(real, bits, tensor.dtype)
    if dtype.values == "complex":
        real = real + 1j * ((bits & np.uint64((1 << 24) - 1)) / np.float64(1 << 23) - 1)
    return np.asarray(real, dtype.numpy)


def _integers_drawn(bits: np.ndarray, tensor: Tensor) -> np.ndarray:
    dtype = DTYPES[tensor.dtype]
    if not is_quantized(tensor) and dtype.bits > 8:
        return np.asarray((bits >> np.uint64(32)) % np.uint64(_INDICES), dtype.numpy)
    if dtype.bits == 64:
        return bits.view(dtype.numpy)
    low, high = stored_limits(tensor)
    above = (bits >> np.uint64(32)).astype(np.int64) % (high - low + 1)
    return np.asarray(low + above, dtype.numpy)


def _float_bits(real: np.ndarray, bits: np.ndarray, dtype: str) -> np.ndarray:
    """Return the bits of floats from -1 to 1 in a type that numpy lacks."""
    if dtype == "bfloat16":
        return np.asarray(np.asarray(real, np.float32).view(np.uint32) >> np.uint32(16), np.uint16)
    # The bits of floats without a sign are in the order of their values: any up to those of 1.
    return np.asarray(
        bits % np.uint64(_ONES[dtype] + 1) | (bits >> np.uint64(63)) << np.uint64(7), np.uint8
    )


def fitted(argument: Argument, array: np.ndarray, where: str) -> np.ndarray:
    """Return an array as the input stores it: floats quantized, integers taken as they are.

    :raises InputError: shape, dtype or values do not fit.
    """
    array = _in_shape(argument, array, where)
    tensor = argument.tensor
    storage = DTYPES[tensor.dtype].numpy
    if array.dtype.kind == "f" and is_quantized(tensor):
        return stored_from_real(array, tensor)
    if array.dtype == storage or storage.kind not in "iuf" or storage.name != tensor.dtype:
        return stored(array, tensor, None, f"input {argument.name!r} ({where})")
    if array.dtype.kind == "f" and storage.kind == "f":
        return stored_from_real(array, tensor)
    if array.dtype.kind in "iub":
        return _integers(argument, array, storage, where)
    raise InputError(f"input {argument.text} cannot take {array.dtype} values ({where})")


def fits(tensor: Tensor, shape: tuple[int, ...]) -> bool:
    """Say whether the tensor takes this shape: sizes agree where the model does not leave them open."""
    wanted = tensor.shape_signature or tensor.shape
    return wanted is None or (
        len(wanted) == len(shape) and all(w in (-1, n) for w, n in zip(wanted, shape, strict=True))
    )


def _in_shape(argument: Argument, array: np.ndarray, where: str) -> np.ndarray:
    """Return the array in a shape the input takes; a leading axis of one may be missing."""
    for shaped in (array, array[None]):
        if fits(argument.tensor, shaped.shape):
            return shaped
    raise _misfit(argument, array.shape, where)


def _misfit(argument: Argument, shape: Sequence[int], where: str) -> InputError:
    needed, found = argument.shape_text, shape_text(shape)
    return InputError(f"input {argument.name!r} needs shape {needed}, found {found} ({where})")


def _integers(argument: Argument, array: np.ndarray, storage: np.dtype, where: str) -> np.ndarray:
    converted = array.astype(storage)
    if storage.kind in "iu" and not np.array_equal(converted, array):
        info = np.iinfo(storage)
        raise InputError(
            f"input {argument.text} stores integers from {info.min} to {info.max}, found {array.min()} to "
            f"{array.max()} ({where}); real values are given as floats"
        )
    return converted


def _member_name(argument: Argument, names: Sequence[str], file: str) -> str:
    """Return which member of an archive an input reads."""
    own = (argument.name, argument.tensor.name)
    for wanted in (*own, *archive.member_names(own).values()):
        if f"{wanted}.npy" in names:
            return f"{wanted}.npy"
    if len(names) != 1:
        found = escaped(", ".join(n.removesuffix(".npy") for n in names[:_SHOWN])) or "none"
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        raise InputError(f"{file!r} needs an array {argument.name!r}, found: {found}{more}")
    return names[0]


def _array(argument: Argument, stream: IO[bytes], nbytes: int, where: str) -> np.ndarray:
    """Return the array in a stream of so many bytes; its header is checked before its values are read.

    :raises InputError: it does not fit the input
    :raises ValueError: it is no array of so many bytes
    """
    head = io.BytesIO(stream.read(_HEADER_BYTES))
    version = np.lib.format.read_magic(head)
    if version not in _READ_HEADER:
        raise ValueError(f"needs the format .npy of version 1.0 or 2.0, found {version}")
    shape, _, dtype = _READ_HEADER[version](head)
    if dtype.kind not in "biufcSU":
        raise ValueError(f"needs numbers or text, found values of type {dtype}")
    if not any(fits(argument.tensor, s) for s in (shape, (1, *shape))):
        raise _misfit(argument, shape, where)
    needs = head.tell() + math.prod(shape) * dtype.itemsize
    if needs != nbytes or nbytes > MAX_TENSOR_BYTES:
        raise ValueError(f"shape {shape_text(shape)} of {dtype} needs {needs:,} bytes, found {nbytes:,}")
    stream.seek(0)
    found: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)
    return found


@contextmanager
def _errors_name(file: str) -> Iterator[None]:
    """Turn what a broken file raises into an error that names it."""
    try:
        yield
    except InputError:
        raise
    except Exception as e:  # a broken file makes numpy's parser, zipfile or zlib raise nearly anything
        raise InputError(f"{file!r} cannot be read: {e}") from e
