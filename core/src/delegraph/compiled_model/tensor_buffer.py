"""Values of an input or an output, as bytes that are written and read as any type."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..errors import InputError, StateError
from ..model import DTYPES, HANDLES
from ..text import bytes_text
from ..values import define

__all__ = ["TensorBuffer"]
TYPES = tuple(name for name in DTYPES if name != "string" and name not in HANDLES)


@define
class Memory:
    """What a buffer holds."""

    values: np.ndarray  # bytes
    dtype: str
    shape: tuple[int, ...]
    is_given: bool = False  # the caller's own, which stays where it is


class TensorBuffer:
    """Values of a tensor. int16 and int64, which LiteRT's refuses, are among the types."""

    def __init__(self, capsule: Any, environment: Any = None) -> None:
        self._capsule: Memory | None = capsule
        self._environment = environment

    @classmethod
    def create_from_host_memory(cls, data_array: np.ndarray) -> TensorBuffer:
        """Return a buffer that is the memory of an array: a run writes its outputs there.

        :raises InputError: it is no array, its values do not lie one after another, or its type is not a
            tensor's.
        """
        _check_array(data_array)
        dtype = _name(data_array.dtype)
        if not data_array.flags.c_contiguous:
            raise InputError("data_array needs values that lie one after another in memory (C-contiguous)")
        values = data_array.reshape(-1).view(np.uint8)
        return cls(Memory(values, dtype, (data_array.size,), is_given=True))

    def write(self, data_array: np.ndarray) -> None:
        """Copy values in: as many as there are, which may be fewer than the buffer holds."""
        _check_array(data_array)
        _name(data_array.dtype)
        memory = self._memory("write")
        given = np.ascontiguousarray(data_array).reshape(-1).view(np.uint8)
        _check_fits("write()", given.size, memory)
        memory.values[: given.size] = given

    def read(self, num_elements: int, output_dtype: Any) -> np.ndarray:
        """Return the first values as an array of rank 1.

        :param output_dtype: what their bytes are read as.
        """
        _name(output_dtype)
        result = np.empty(num_elements, dtype=output_dtype)
        memory = self._memory("read")
        _check_fits("read()", result.nbytes, memory)
        result.view(np.uint8)[:] = memory.values[: result.nbytes]
        return result

    def get_tensor_details(self) -> dict[str, Any]:
        """Return the type (by name) and the shape."""
        memory = self._memory("get_tensor_details")
        return {"dtype": memory.dtype, "shape": list(memory.shape)}

    def destroy(self) -> None:
        """Let go of the values; the buffer cannot be used after it."""
        self._capsule = self._environment = None

    @property
    def capsule(self) -> Any:
        """What a compiled model is given of the buffer.

        :raises StateError: it is destroyed.
        """
        return self._memory("capsule")

    def _memory(self, what: str) -> Memory:
        if self._capsule is None:
            raise StateError(f"{what} needs a buffer, found one that is destroyed")
        return self._capsule


def new_memory(dtype: str, shape: Sequence[int]) -> Memory:
    """Return memory for a tensor, zeros at first."""
    if dtype not in TYPES:
        raise InputError(
            f"a TensorBuffer needs values of a fixed size, found {dtype}: use Interpreter.run() for it"
        )
    return Memory(np.zeros(prod(shape) * _stored(dtype).itemsize, np.uint8), dtype, tuple(shape))


def as_array(memory: Memory, dtype: str, shape: Sequence[int]) -> np.ndarray:
    """Return memory as values of a tensor; ValueError where it holds more or fewer."""
    return memory.values.view(_stored(dtype)).reshape(shape)


def _stored(dtype: str) -> np.dtype[Any]:
    return np.dtype(DTYPES[dtype].numpy_class)


def _name(dtype: Any) -> str:
    try:
        name = str(np.dtype(dtype).name)
    except TypeError as e:
        raise InputError(f"a TensorBuffer needs a numpy type, found {dtype!r}") from e
    if name not in TYPES:
        raise InputError(f"a TensorBuffer needs one of {', '.join(TYPES)}, found {name}")
    return name


def _check_array(given: Any) -> None:
    if not isinstance(given, np.ndarray):
        raise InputError(f"data_array needs a numpy array, found {type(given).__name__}")


def _check_fits(what: str, nbytes: int, memory: Memory) -> None:
    if nbytes > memory.values.size:
        holds = bytes_text(memory.values.size)
        raise StateError(f"{what} needs at most {holds}, what the buffer holds, found {bytes_text(nbytes)}")
