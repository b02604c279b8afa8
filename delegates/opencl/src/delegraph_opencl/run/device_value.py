"""A tensor that stays on the device: what partitions hand over, and what a program may pass in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from delegraph import DelegateFailed, InputError, profile, shape_text

from ..device.buffers import ALIGNMENT
from ..device.handle import Handle
from ..device.status import failure

if TYPE_CHECKING:
    from .commands_in_flight import InFlight

FEW = 4096  # bytes that are copied in less time than numpy takes to be told where they are


class DeviceValue:
    """A buffer with a shape and a dtype; ``numpy.asarray`` reads it back.

    ``delegate`` is the delegate object that made it: the only one that may look inside.

    :param buffer: ``pyopencl.Buffer``, contiguous, in the order of the axes.
    :param commands: those that compute the values; None: whatever is in the delegate's queue.
    :param host: the host's memory of the buffer, where it is known already.
    """

    __slots__ = (
        "__weakref__", "_commands", "_handle", "_host", "buffer", "delegate", "dtype", "shape"
    )  # fmt: skip

    def __init__(
        self,
        handle: Handle,
        buffer: Any,
        shape: Sequence[int],
        dtype: Any,
        commands: InFlight | None = None,
        host: HostMemory | None = None,
    ) -> None:
        self.delegate = handle.delegate
        self._handle = handle
        self.buffer = buffer
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)
        self._commands = commands
        self._host = host

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

        queue = self._handle.queue
        found = pyopencl.array.Array(queue, self.shape, self.dtype, data=self.buffer)
        vars(found)["device_value"] = self  # keeps the buffer from being used again
        self._commands = None  # pyopencl may write to it
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return the values in a new array.

        :raises DelegateFailed: the device could not give them back.
        """
        start = perf_counter()
        self.wait()
        host = self._shared()
        found = self._copied() if host is None else host.array.copy()
        self._tell(start)
        return found if dtype is None else found.astype(dtype, copy=False)

    def host_view(self) -> np.ndarray | None:
        """Return the values where they are, to be read only; None where the host cannot see them.

        They stay as they are as long as the array lives. Few are copied, which takes less time.

        :raises DelegateFailed: they could not be computed.
        """
        start = None if profile.listener() is None else perf_counter()
        host = self._host or self._shared()
        if host is None:
            return None
        if host.interface is None:
            self.wait()
            found: np.ndarray = host.array.copy()
            found.setflags(False)  # type: ignore[call-arg]  # write=False takes twice as long
        else:
            found = np.asarray(_ReadOnly(host.interface, self))
            self.wait()  # last: what comes before it is done while the device computes
        if start is not None:
            self._tell(start)
        return found

    def wait(self) -> None:
        """Return when the values are there.

        :raises DelegateFailed: they could not be computed.
        """
        if self._commands is not None:
            self._commands.wait()
            return
        try:
            self._handle.device.check_process()
            self._handle.queue.finish()
        except DelegateFailed:
            raise
        except Exception as e:  # pyopencl's
            raise self._failure(e) from e

    def _shared(self) -> HostMemory | None:
        """Return the host's memory that the device works on; None where there is none."""
        if not self._handle.device.shares_memory:
            return None
        return HostMemory.of(self.buffer, self.shape, self.dtype)

    def _copied(self) -> np.ndarray:
        import pyopencl as cl

        self._handle.device.check_process()
        found = np.empty(self.shape, self.dtype)
        try:
            if found.size:
                cl.enqueue_copy(self._handle.queue, found, self.buffer, is_blocking=True)
        except cl.Error as e:
            raise self._failure(e) from e
        return found

    def _failure(self, e: Exception) -> DelegateFailed:
        return failure(f"reading back {self.nbytes:,} bytes from the device", e)

    def _tell(self, start: float) -> None:
        if (events := profile.listener()) is not None:
            events.append(profile.Event("read back", perf_counter() - start, nbytes=self.nbytes))

    def __repr__(self) -> str:
        return f"<{self.dtype.name} {shape_text(self.shape)} on {self.delegate.label}>"


class _ReadOnly:
    """What numpy takes as the owner of an array that must not be written: it keeps the device value."""

    __slots__ = ("__array_interface__", "_value")

    def __init__(self, interface: dict[str, Any], value: DeviceValue) -> None:
        self._value = value
        self.__array_interface__ = interface


class HostMemory:
    """The host's array that a buffer is, as one of some shape and dtype.

    What numpy is told of it (``interface``) is worth keeping: to find it takes several times as long as to
    make an array of it. Of few values there is none: they are copied.
    """

    __slots__ = ("array", "interface")

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.interface: dict[str, Any] | None = None
        if array.nbytes > FEW:
            found = array.__array_interface__
            self.interface = {**found, "data": (found["data"][0], True)}  # True: to be read only

    @classmethod
    def of(cls, buffer: Any, shape: Sequence[int], dtype: np.dtype) -> HostMemory | None:
        """Return the memory of a buffer; None: the host has none of it."""
        host = buffer.hostbuf
        if host is None:
            return None
        return cls(host[: math.prod(shape) * dtype.itemsize].view(dtype).reshape(shape))


def value_of_buffer(
    handle: Handle, buffer: Any, shape: Sequence[int] | None, dtype: Any | None
) -> DeviceValue:
    """Return a program's own buffer or array as a device value; see :meth:`OpenCL.value`."""
    import pyopencl as cl
    import pyopencl.array

    if isinstance(buffer, pyopencl.array.Array):
        shape = buffer.shape if shape is None else shape
        dtype = buffer.dtype if dtype is None else dtype
        buffer = _memory_of(buffer, handle)
    if not isinstance(buffer, cl.Buffer):
        raise InputError(f"value() needs a pyopencl.Buffer or a pyopencl.array.Array, found {buffer!r:.80}")
    if shape is None or dtype is None:
        raise InputError("value() needs shape and dtype where a pyopencl.Buffer is given")
    if buffer.context != handle.device.context:
        raise InputError(
            "value() needs memory of the delegate's own context, found that of another one; make it with "
            "pyopencl.Buffer(delegate.context, ...) or pyopencl.array.to_device(delegate.queue, ...)"
        )
    value = DeviceValue(handle, buffer, shape, dtype)
    if buffer.size < value.nbytes:
        raise InputError(
            f"value() needs a buffer of {value.nbytes:,} bytes for {value.dtype.name} "
            f"{shape_text(value.shape)}, found one of {buffer.size:,}"
        )
    return value


def _memory_of(array: Any, handle: Handle) -> Any:
    """Return the buffer of a pyopencl array, from its first element on."""
    if not array.flags.c_contiguous:
        raise InputError(f"value() needs a C-contiguous array, found strides {array.strides}")
    buffer = array.base_data
    if not array.offset:
        return buffer
    if array.offset % handle.device.alignment:
        raise InputError(
            f"value() needs an array that begins at a multiple of {handle.device.alignment} bytes, "
            f"found offset {array.offset}; take a copy of it"
        )
    return buffer.get_sub_region(array.offset, array.nbytes)
