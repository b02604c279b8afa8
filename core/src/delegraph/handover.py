"""How a value passes from one partition to the next: as an array, or as its maker's own device value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from .dtypes import DTYPES
from .errors import DelegateFailed
from .model import Tensor

if TYPE_CHECKING:
    from .delegate import Delegate


class Held:
    """A device value, and the delegate object that made it: nobody else may look inside."""

    __slots__ = ("_array", "delegate", "dtype", "shape", "value")

    def __init__(self, value: Any, delegate: Delegate | None) -> None:
        self.value = value  # has shape, dtype and __array__
        self.delegate = delegate
        self.shape = tuple(value.shape)
        self.dtype = value.dtype
        self._array: np.ndarray | None = None

    def array(self) -> np.ndarray:
        """Return the values on the host; they are brought over once."""
        if self._array is None:
            self._array = np.asarray(self.value)
        return self._array


def as_array(value: Any) -> np.ndarray:
    """Return a value, wherever it is, as an array."""
    return value.array() if type(value) is Held else value


def handed_to(delegate: Delegate | None, values: Sequence[Any]) -> list[Any]:
    """Return values as ``delegate`` may get them: its own device values as they are, else arrays."""
    return [v if type(v) is not Held else v.value if v.delegate is delegate else v.array() for v in values]


@frozen
class Expected:
    """What one result of a run has to be."""

    tensor: Tensor
    shape: tuple[int, ...] | None  # None: only the run decides it
    dtype: np.dtype

    @classmethod
    def of(cls, tensor: Tensor) -> Expected:
        return cls(tensor, tensor.shape, DTYPES[tensor.dtype].numpy)


def taken_from(
    delegate: Delegate | None, results: Any, expected: Sequence[Expected], where: str
) -> list[Any]:
    """Return what a run gave, checked, device values marked as ``delegate``'s.

    :param where: who gave it, for messages: ``"opencl, op #3 ADD v1"``.
    :raises DelegateFailed: number, shape or dtype of the results is not as planned.
    """
    try:
        found = list(results)
    except TypeError:
        found = [results]
    if len(found) != len(expected):
        raise DelegateFailed(f"{where}: needs to return {len(expected)} values, found {len(found)}")
    for i, (value, want) in enumerate(zip(found, expected, strict=True)):
        if type(value) is not np.ndarray:
            value = found[i] = _marked(value, delegate, want, where)
        if value.dtype != want.dtype or (value.shape != want.shape and want.shape is not None):
            raise DelegateFailed(
                f"{where}: needs to return {_text(want.dtype, want.shape)} for tensor {want.tensor.index} "
                f"{want.tensor.name!r}, found {_text(value.dtype, value.shape)}"
            )
    return found


def _marked(value: Any, delegate: Delegate | None, want: Expected, where: str) -> Any:
    """Return a result that is no plain array as one, or as a held device value."""
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if type(value) is Held:  # a body's result that control flow passes on
        return value
    if all(hasattr(value, name) for name in ("shape", "dtype", "__array__")):
        return Held(value, delegate)
    raise DelegateFailed(
        f"{where}: needs to return an array, or an object with shape, dtype and __array__, for tensor "
        f"{want.tensor.index} {want.tensor.name!r}, found {type(value).__name__}"
    )


def _text(dtype: np.dtype, shape: tuple[int, ...] | None) -> str:
    return f"{np.dtype(dtype).name} {'of any shape' if shape is None else shape}"
