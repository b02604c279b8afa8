"""How a value passes from one partition to the next: as an array, or as its maker's own device value."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy import ndarray

from .. import profile
from ..contract import Delegate, Partition
from ..contract.guard import said
from ..errors import DelegateFailed
from ..model import DTYPES, Tensor
from ..text import shape_text
from ..values import evolve, frozen
from .failures import cause, failed

MOST_DIMENSIONS = 64  # that an array may have; a shape without end is one, too


class OwnedValue:
    """A device value, and the delegate object that made it: nobody else may look inside.

    :param partition: that computed it; None for a value that the program passed in.
    """

    __slots__ = ("_array", "delegate", "dtype", "partition", "shape", "value")

    def __init__(self, value: Any, delegate: Delegate | None, partition: Partition | None = None) -> None:
        self.value = value  # has shape, dtype and __array__; for what else it may have see ``Run``
        self.delegate = delegate
        self.partition = partition
        shape, dtype = value.shape, value.dtype
        self.shape = shape if type(shape) is tuple else tuple(islice(shape, MOST_DIMENSIONS + 1))
        self.dtype = dtype if isinstance(dtype, np.dtype) else np.dtype(dtype)
        self._array: ndarray | None = None

    def array(self) -> ndarray:
        """Return the values on the host; they are brought over once.

        :raises DelegateFailed: the delegate could not give them back.
        """
        if self._array is None:
            events = profile.listener()
            first = 0 if events is None else len(events)
            self._array = self._read_back()
            if events is not None and self.delegate is not None:
                for i in range(first, len(events)):
                    if not events[i].delegate:
                        events[i] = evolve(events[i], delegate=self.delegate.label)
        return self._array

    def wait(self) -> None:
        """Return when nothing is at work on the value any more.

        :raises DelegateFailed: the delegate could not compute it.
        """
        if self._array is None:
            try:
                wait = getattr(self.value, "wait", None)
                if wait is not None:
                    wait()
            except BaseException as e:
                raise self._failed(e) from cause(e)

    def _read_back(self) -> ndarray:
        try:
            look = getattr(self.value, "host_view", None)
            view = None if look is None else look()
            array: ndarray = read_only(np.asarray(self.value if view is None else view))
        except BaseException as e:
            raise self._failed(e) from cause(e)
        if array.shape != self.shape or array.dtype != self.dtype:
            found = _text(array.dtype, array.shape)
            raise self._failed(
                TypeError(f"it needs to give {_text(self.dtype, self.shape)}, found {found}")
            )
        return array

    def _failed(self, e: BaseException) -> DelegateFailed:
        if self.partition is not None:
            return failed(self.partition, "give back the results of", e)
        return DelegateFailed(f"a value on a device cannot be read: {said(e)}")


def owned_by_program(value: Any) -> OwnedValue | None:
    """Return a device value that a program passes in; None if ``value`` is something else.

    It says which delegate object made it, in its attribute ``delegate``.
    """
    delegate = getattr(value, "delegate", None)
    return OwnedValue(value, delegate) if isinstance(delegate, Delegate) else None


def as_array(value: Any) -> ndarray:
    """Return a value, wherever it is, as an array."""
    return value.array() if type(value) is OwnedValue else value


def read_only(value: Any) -> Any:
    """Return an array as one that its reader cannot write; other values as they are."""
    if type(value) is ndarray and value.flags.writeable:
        value = value[...]
        value.flags.writeable = False
    return value


def handed_to(delegate: Delegate | None, values: list[Any]) -> list[Any]:
    """Turn values into what ``delegate`` may get: its own device values as they are, else arrays.

    They are replaced in the list: a new one takes as long as all the rest.
    """
    for i, v in enumerate(values):
        if type(v) is OwnedValue:
            values[i] = v.value if v.delegate is delegate else v.array()
    return values


def packed_for(delegate: Delegate | None, values: list[Any]) -> list[Any]:
    """Turn values into what a delegate may get that needs arrays without gaps; likewise."""
    for i, v in enumerate(values):
        if not is_packed(v):
            values[i] = (
                v.value if type(v) is OwnedValue and v.delegate is delegate else _packed(as_array(v))
            )
    return values


def is_packed(value: Any) -> bool:
    """Say whether a value is an array in the order of its indices, without gaps."""
    return type(value) is ndarray and value.flags.num & _PACKED == _PACKED


_PACKED = 0x101  # of an array's flags: NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_ALIGNED


def _packed(array: ndarray) -> ndarray:
    """Return the values in the order of their indices, without gaps; the array itself if it is so."""
    if array.flags.num & _PACKED == _PACKED:
        return array
    packed = np.array(array, order="C")
    packed.flags.writeable = False
    return packed


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
    partition: Partition | None, results: Any, expected: Sequence[Expected], where: str
) -> list[Any]:
    """Return what a run gave, checked, device values marked as the partition's.

    Its arrays are core's from now on: nobody can write them any more, whoever made them included.

    :param partition: None for what core itself ran.
    :param where: who gave it, for messages: ``"opencl, op #3 ADD v1"``.
    :raises DelegateFailed: number, shape or dtype of the results is not as planned.
    """
    found = list(results) if type(results) is tuple else _several(results, len(expected) + 1)
    if len(found) != len(expected):
        number = len(found) if len(found) <= len(expected) or type(results) is tuple else "more"
        raise DelegateFailed(f"{where}: needs to return {len(expected)} values, found {number}")
    for i, want in enumerate(expected):
        value = found[i]
        if type(value) is not ndarray:
            value = found[i] = _marked(value, partition, want, where)
        if value.dtype != want.dtype or (value.shape != want.shape and want.shape is not None):
            raise DelegateFailed(
                f"{where}: needs to return {_text(want.dtype, want.shape)} for tensor {want.tensor.index} "
                f"{want.tensor.name!r}, found {_text(value.dtype, value.shape)}"
            )
        if type(value) is ndarray:
            value.setflags(False)  # type: ignore[call-arg]  # write=False takes twice as long
    return found


def _several(results: Any, most: int) -> list[Any]:
    """Return what some iterable gives, the first ``most`` of it: it may have no end."""
    try:
        return list(islice(results, most))
    except TypeError:
        return [results]


def _marked(value: Any, partition: Partition | None, want: Expected, where: str) -> Any:
    """Return a result that is no plain array as one, or as a held device value."""
    if isinstance(value, (ndarray, np.generic)):
        return np.asarray(value)
    if type(value) is OwnedValue:  # a body's result that control flow passes on
        return value
    if hasattr(value, "shape") and hasattr(value, "dtype") and hasattr(value, "__array__"):
        return OwnedValue(value, None if partition is None else partition.delegate, partition)
    raise DelegateFailed(
        f"{where}: needs to return an array, or an object with shape, dtype and __array__, for tensor "
        f"{want.tensor.index} {want.tensor.name!r}, found {type(value).__name__}"
    )


def _text(dtype: np.dtype, shape: tuple[int, ...] | None) -> str:
    return f"{np.dtype(dtype).name} {'of any shape' if shape is None else 'of shape ' + shape_text(shape)}"
