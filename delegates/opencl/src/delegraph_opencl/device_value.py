"""A tensor that stays on the device: what partitions hand over, and what a program may pass in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from delegraph import InputError, profile

from .memory import ALIGNMENT
from .status import failure

if TYPE_CHECKING:
    from .delegate import OpenCL


class DeviceValue:
    """A buffer with a shape and a dtype; ``numpy.asarray`` reads it back.

    ``delegate`` is the delegate object that made it: the only one that may look inside.

    :param buffer: ``pyopencl.Buffer``, contiguous, in the order of the axes.
    :param release: called with the buffer when nobody needs it any more.
    """

    def __init__(
        self,
        delegate: OpenCL,
        buffer: Any,
        shape: Sequence[int],
        dtype: Any,
        release: Callable[[Any], None] | None = None,
    ) -> None:
        self.delegate = delegate
        self.buffer = buffer
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)
        self._release = release

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * int(self.dtype.itemsize)

    @property
    def has_room(self) -> bool:
        """Whether a kernel may read a little past the end, as it may in the buffers of this package."""
        return bool(self.buffer.size >= self.nbytes + ALIGNMENT)

    def array(self) -> Any:
        """Return the same memory as a ``pyopencl.array.Array``, to compute on with pyopencl."""
        import pyopencl.array

        queue = self.delegate.queue
        found = pyopencl.array.Array(queue, self.shape, self.dtype, data=self.buffer)
        vars(found)["device_value"] = self  # keeps the buffer from being used again
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return the values in a new array.

        :raises DelegateFailed: the device could not give them back.
        """
        import pyopencl as cl

        start = perf_counter()
        found = np.empty(self.shape, self.dtype)
        device, host = self.delegate.device, self.buffer.hostbuf
        if found.size:
            device.check_process()
            try:
                if host is None or not device.shares_memory:
                    cl.enqueue_copy(self.delegate.queue, found, self.buffer, is_blocking=True)
                else:
                    self.delegate.queue.finish()
                    found[...] = host[: self.nbytes].view(self.dtype).reshape(self.shape)
            except cl.Error as e:
                raise failure(f"reading back {self.nbytes:,} bytes from the device", e) from e
        if (events := profile.listener()) is not None:
            events.append(profile.Event("read back", perf_counter() - start, nbytes=self.nbytes))
        return found if dtype is None else found.astype(dtype, copy=False)

    def __del__(self) -> None:
        if self._release is not None:
            self._release(self.buffer)

    def __repr__(self) -> str:
        return f"<{self.dtype.name} {self.shape} on {self.delegate.label}>"


def value_of_buffer(
    delegate: OpenCL, buffer: Any, shape: Sequence[int] | None, dtype: Any | None
) -> DeviceValue:
    """Return a program's own buffer or array as a device value; see :meth:`OpenCL.value`."""
    import pyopencl as cl
    import pyopencl.array

    if isinstance(buffer, pyopencl.array.Array):
        shape = buffer.shape if shape is None else shape
        dtype = buffer.dtype if dtype is None else dtype
        buffer = _memory_of(buffer, delegate)
    if not isinstance(buffer, cl.Buffer):
        raise InputError(f"value() needs a pyopencl.Buffer or a pyopencl.array.Array, found {buffer!r:.80}")
    if shape is None or dtype is None:
        raise InputError("value() needs shape and dtype where a pyopencl.Buffer is given")
    if buffer.context != delegate.context:
        raise InputError(
            "value() needs memory of the delegate's own context, found that of another one; make it with "
            "pyopencl.Buffer(delegate.context, ...) or pyopencl.array.to_device(delegate.queue, ...)"
        )
    value = DeviceValue(delegate, buffer, shape, dtype)
    if buffer.size < value.nbytes:
        raise InputError(
            f"value() needs a buffer of {value.nbytes:,} bytes for {value.dtype.name} {value.shape}, found "
            f"one of {buffer.size:,}"
        )
    return value


def _memory_of(array: Any, delegate: OpenCL) -> Any:
    """Return the buffer of a pyopencl array, from its first element on."""
    if not array.flags.c_contiguous:
        raise InputError(f"value() needs a C-contiguous array, found strides {array.strides}")
    buffer = array.base_data
    if not array.offset:
        return buffer
    if array.offset % delegate.device.alignment:
        raise InputError(
            f"value() needs an array that begins at a multiple of {delegate.device.alignment} bytes, "
            f"found offset {array.offset}; take a copy of it"
        )
    return buffer.get_sub_region(array.offset, array.nbytes)


class Pool:
    """Buffers of what leaves a partition, used again once nobody holds the value."""

    def __init__(self, allocate: Callable[[int], Any]) -> None:
        self._allocate = allocate
        self._free: dict[int, list[Any]] = {}

    def take(self, nbytes: int) -> Any:
        try:
            return self._free[nbytes].pop()
        except (KeyError, IndexError):
            return self._allocate(nbytes)

    def give_back(self, buffer: Any) -> None:
        self._free.setdefault(buffer.size, []).append(buffer)
