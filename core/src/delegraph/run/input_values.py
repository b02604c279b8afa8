"""What callers hand in, as the arrays that run: checked, in the dtype that stores the tensor's type.

Source: tflite/python/interpreter_wrapper/interpreter_wrapper.cc (SetTensor).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import InputError
from ..kinds import array_of
from ..model import DTYPES, Tensor
from ..text import shape_text
from .device_values import OwnedValue, owned_by_program


def stored(value: Any, tensor: Tensor, shape: tuple[int, ...] | None, name: str) -> np.ndarray:
    """Return ``value`` as an array of the tensor's storage dtype; it may be ``value`` itself.

    :param value: an array. bfloat16 and float8 come as their bits (uint16, uint8) or in the type of
        ml_dtypes; int4, int2 and uint4 one value an element; strings as bytes or str.
    :param shape: what its shape has to be; None if any will do.
    :param name: which tensor it is for, in messages.
    :raises InputError: dtype, shape or values do not fit.
    """
    array = array_of(name, value)
    array = strings(array, name) if tensor.dtype == "string" else _in_storage_dtype(array, tensor, name)
    _check_shape(array.shape, shape, name)
    return array


def converted(value: Any, tensor: Tensor, name: str) -> np.ndarray:
    """Return ``value`` as :func:`stored` does; plain Python numbers and lists become the tensor's dtype."""
    if isinstance(value, np.ndarray) or hasattr(value, "__array__") or tensor.dtype == "string":
        return stored(value, tensor, None, name)
    found = array_of(name, value, f"{tensor.dtype} values")
    try:
        array = found.astype(DTYPES[tensor.dtype].numpy)
    except (ValueError, TypeError, OverflowError) as e:
        raise InputError(f"{name} needs {tensor.dtype} values, found {value!r:.60}: {e}") from e
    if array.dtype.kind in "iub" and not np.array_equal(array, found):
        raise InputError(f"{name} needs {tensor.dtype} values, found {value!r:.60}")
    return stored(array, tensor, None, name)


def is_plain(tensor: Tensor) -> bool:
    """Say whether every array of the tensor's storage dtype is a value of it."""
    return tensor.dtype != "string" and not DTYPES[tensor.dtype].is_packed


def on_device(value: Any, tensor: Tensor, shape: tuple[int, ...] | None, name: str) -> OwnedValue | None:
    """Return a delegate's device value, checked as :func:`stored` does; None if ``value`` is no such."""
    found = owned_by_program(value)
    if found is not None:
        _check_dtype(found.dtype, tensor, name)
        _check_shape(found.shape, shape, name)
    return found


def strings(array: np.ndarray, name: str = "a string tensor") -> np.ndarray:
    """Return an array of bytes objects; str is encoded as UTF-8."""
    if array.dtype.kind not in "OSU":
        raise InputError(f"{name} needs strings (str or bytes), found {array.dtype}")
    return objects((_bytes(v, name) for v in array.ravel().tolist()), array.shape)


def objects(values: Iterable[Any], shape: tuple[int, ...]) -> np.ndarray:
    """Return an object array of this shape; numpy's own constructors would look inside the values."""
    array = np.empty(shape, object)
    flat = array.reshape(-1)
    for i, value in enumerate(values):
        flat[i] = value
    return array


def _bytes(value: Any, name: str) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise InputError(f"{name} needs strings (str or bytes), found {type(value).__name__}: {value!r:.40}")


def _in_storage_dtype(array: np.ndarray, tensor: Tensor, name: str) -> np.ndarray:
    """Return the array in the storage dtype; a dtype that is not the tensor's is refused."""
    dtype = DTYPES[tensor.dtype]
    if array.dtype != dtype.numpy and array.dtype.name == tensor.dtype:  # a type of ml_dtypes
        array = array.copy().view(dtype.numpy) if dtype.is_bits else array.astype(dtype.numpy)
    _check_dtype(array.dtype, tensor, name)
    low, high = dtype.limits
    if dtype.is_packed and array.size and not (low <= array.min() and array.max() <= high):
        raise InputError(
            f"{name} needs {tensor.dtype} values from {low} to {high}, found {array.min()} to {array.max()}"
        )
    return array


def _check_dtype(dtype: np.dtype, tensor: Tensor, name: str) -> None:
    if dtype != DTYPES[tensor.dtype].numpy:
        raise InputError(f"{name} needs {_spelled(tensor.dtype)}, found {dtype}")


def _check_shape(found: tuple[int, ...], shape: tuple[int, ...] | None, name: str) -> None:
    if shape is not None and found != shape:
        raise InputError(
            f"{name} needs shape {shape_text(shape)}, found {shape_text(found)}; "
            "resize_tensor_input() changes what it needs"
        )


def _spelled(dtype: str) -> str:
    storage = DTYPES[dtype].numpy
    return dtype if storage.name == dtype else f"{dtype} (as an array of {storage})"
