"""Inputs from .npy and .npz files, and from random bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import InputError
from ..model import DTYPES, Tensor
from ..numbers import is_quantized, stored_from_real, stored_limits
from ..run import Argument, stored
from ..text import shape_text

_INDICES = 100  # random values of unquantized integers lie below: LiteRT's benchmark_model does so, too


def read_npy(argument: Argument, file: str) -> np.ndarray:
    """Return the array of an .npy file."""
    with _loaded(file) as array:
        if not isinstance(array, np.ndarray):
            raise InputError(f"{file!r} needs to be a single array, found an .npz archive")
        return fitted(argument, array, file)


def read_npz(argument: Argument, file: str) -> np.ndarray:
    """Return the array of an .npz file that has the input's name, or its only one."""
    with _loaded(file) as archive:
        if not isinstance(archive, Mapping):
            raise InputError(f"{file!r} needs to be an .npz archive, found a single array")
        names = list(archive)
        wanted = next((n for n in (argument.name, argument.tensor.name) if n in names), None)
        if wanted is None and len(names) != 1:
            found = ", ".join(names) or "none"
            raise InputError(f"{file!r} needs an array {argument.name!r}, found: {found}")
        array = archive[wanted or names[0]]
        return fitted(argument, array, f"{file}, array {wanted or names[0]!r}")


def random(argument: Argument, text: str) -> np.ndarray:
    """Return random values: -1 to 1 in float inputs, every stored value in quantized ones, else 0 to 99.

    :param text: ``random`` (seed 0) or ``random:SEED``.
    """
    seed = text.partition(":")[2] or "0"
    if not seed.isdigit():
        raise InputError(f"input {argument.name!r}: the seed needs to be a whole number, found {text!r}")
    tensor = argument.tensor
    if tensor.shape is None:
        raise InputError(f"input {argument.text} has no shape of its own; give an array")
    # Raw bits: numpy keeps these streams for good, those of Generator's methods it may change.
    bits = np.random.PCG64(int(seed)).random_raw(tensor.size).reshape(tensor.shape)
    storage = DTYPES[tensor.dtype].numpy
    if storage.kind == "b":
        return np.asarray(bits >> np.uint64(63) == 1)
    if is_quantized(tensor) or tensor.dtype in ("int8", "uint8"):
        low, high = stored_limits(tensor)
        above = (bits >> np.uint64(32)).astype(np.int64) % (high - low + 1)
        return np.asarray(low + above, storage)
    if storage.kind in "iu":
        return stored_from_real((bits >> np.uint64(32)) % np.uint64(_INDICES), tensor)
    return stored_from_real((bits >> np.uint64(40)) / np.float64(1 << 23) - 1, tensor)


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
    needed, found = argument.shape_text, shape_text(array.shape)
    raise InputError(f"input {argument.name!r} needs shape {needed}, found {found} ({where})")


def _integers(argument: Argument, array: np.ndarray, storage: np.dtype, where: str) -> np.ndarray:
    converted = array.astype(storage)
    if storage.kind in "iu" and not np.array_equal(converted, array):
        info = np.iinfo(storage)
        raise InputError(
            f"input {argument.text} stores integers from {info.min} to {info.max}, found {array.min()} to "
            f"{array.max()} ({where}); real values are given as floats"
        )
    return converted


@contextmanager
def _loaded(file: str) -> Iterator[Any]:
    """Give what numpy finds in a file, an array or an archive, and close it."""
    try:
        with open(file, "rb") as stream:
            yield np.load(stream, allow_pickle=False)
    except InputError:
        raise
    except Exception as e:  # a broken file makes numpy's parser, zipfile or zlib raise nearly anything
        raise InputError(f"{file!r} cannot be read: {e}") from e
