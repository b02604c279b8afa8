"""An open OpenCL device: its context, what it can do, and the programs built for it so far."""

from __future__ import annotations

import os
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

import numpy as np
from delegraph import DelegateFailed

from . import amx, pocl
from .cpu_name import name_cpu
from .runtime import Found, caller_of, choose, cores_of
from .status import failure

_PAGE = 4096  # bytes; the least of any CPU's
_ALIGNMENT = 16  # bytes; PoCL's compiler takes it for granted where it copies long runs
IN_CALLER = "// for the thread that asks\n"  # begins the source of a program for ``Device.caller``
KEPT_PROGRAMS = 1000  # built programs that a process keeps; a model needs about 20


class Device:
    """One per OpenCL device and process: interpreters share its context and its programs.

    :param rename_cpu: let PoCL 3.0 compile for a CPU that it does not know (see ``cpu_name``).
    :raises DelegateFailed: the driver cannot make a context.
    """

    def __init__(self, found: Found, rename_cpu: bool = True) -> None:
        import pyopencl as cl

        self.found = found
        self.name = found.name
        self.type = found.type
        # "": PoCL knows the CPU, or it is another runtime.
        self.cpu = name_cpu(found.device) if rename_cpu else ""
        self.caller = caller_of(found.device)  # computes in the thread that asks; None: there is none
        if self.cpu and self.caller is not None:
            name_cpu(self.caller)
        # Single cores that may help that thread: helpers run on those where it is not.
        self.cores = [] if self.caller is None else cores_of(found.device)
        try:
            self.context = cl.Context(
                [d for d in (found.device, self.caller, *self.cores) if d is not None]
            )
        except cl.Error as e:
            raise failure(f"opening the device {self.name}", e) from e
        extensions = found.device.extensions.split()
        self.has_fp16 = "cl_khr_fp16" in extensions
        self.has_fp64 = "cl_khr_fp64" in extensions
        self.units = int(found.device.max_compute_units)
        self.alignment = int(found.device.mem_base_addr_align) // 8  # bytes, of a part of a buffer
        self.pocl = pocl.version(found.device.platform.version)  # None: another runtime
        self.slow_builtins = self.pocl is not None and self.pocl < pocl.FAST
        self._programs: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._process = os.getpid()

    @cached_property
    def identity(self) -> str:
        """Everything that a compiled program depends on besides its source."""
        d = self.found.device
        said = [d.platform.name, d.platform.version, d.vendor, d.name, d.version, d.driver_version]
        return "|".join([*said, str(self.units), d.extensions, self.cpu])

    @cached_property
    def shares_memory(self) -> bool:
        """Whether the device works on arrays of the host where they are, as CPUs do: it is tried out."""
        import pyopencl as cl

        if self.type != "cpu":
            return False
        array, found = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
        start = -array.ctypes.data % 128
        host, queue = array[start : start + 128], self.queue()
        flags = cl.mem_flags.READ_WRITE | cl.mem_flags.USE_HOST_PTR
        buffer = cl.Buffer(self.context, flags, hostbuf=host)
        cl.enqueue_fill_buffer(queue, buffer, np.uint8(7), 0, host.nbytes).wait()
        written = bool((host == 7).all())
        host[:] = 9
        cl.enqueue_copy(queue, found[:128], buffer, is_blocking=True)
        return written and bool((found[:128] == 9).all())

    @cached_property
    def vnni(self) -> int:
        """Bits of the VNNI that kernels may use, though PoCL compiles for CPUs without it; 0: none."""
        is_here = self.pocl in pocl.TARGETING and self.shares_memory
        return pocl.vnni(pocl.host_flags()) if is_here else 0

    @cached_property
    def bfloat16(self) -> str:
        """Which instructions kernels may multiply bfloat16 with: see :func:`pocl.bfloat16`."""
        if self.pocl not in pocl.TARGETING or self.lanes < 16 or not self.shares_memory:
            return ""
        return pocl.bfloat16(pocl.host_flags(), amx.may_use)

    @cached_property
    def lanes(self) -> int:
        """How many float32 a register has, by what the driver compiles for: 16 with AVX-512, 8 with AVX.

        The width that PoCL states is that of the CPU it runs on, which may be newer.
        """
        d = self.found.device
        is_older = (self.cpu or d.version).endswith(pocl.WITHOUT_AVX_512)
        width = int(d.native_vector_width_float)
        return min(width, 8) if is_older else width

    def works_in_place(self, array: Any, dtype: np.dtype, spare: int) -> bool:
        """Say whether kernels may read an array of the host where it is, and ``spare`` bytes behind it."""
        if self.pocl is None or not self.shares_memory or not isinstance(array, np.ndarray):
            return False
        plain = array.dtype == dtype and array.flags.c_contiguous and array.flags.aligned
        rest = -(array.ctypes.data + array.nbytes) % _PAGE  # bytes: memory is there up to the end of a page
        is_even = array.ctypes.data % _ALIGNMENT == 0
        return bool(plain and is_even and array.nbytes and rest >= spare)

    def check_process(self) -> None:
        """Raise :class:`DelegateFailed` in a process that was forked after the device was opened."""
        if os.getpid() != self._process:
            raise DelegateFailed(
                f"{self.name} was opened before this process was forked, which OpenCL does not survive: "
                'start processes with multiprocessing.get_context("spawn"), or open it after the fork'
            )

    def queue(self, profiling: bool = False, in_caller: bool = False) -> Any:
        """Return a new in-order queue, of this device or of ``caller``."""
        import pyopencl as cl

        device = self.caller if in_caller else self.found.device
        if not profiling:
            return cl.CommandQueue(self.context, device)
        return cl.CommandQueue(self.context, device, cl.command_queue_properties.PROFILING_ENABLE)

    def nothing(self) -> Any:
        """Return the event of a command that is done."""
        import pyopencl as cl

        event = cl.UserEvent(self.context)
        event.set_status(cl.command_execution_status.COMPLETE)
        return event

    def queues_elsewhere(self) -> list[Any]:
        """Return the queues of ``cores``, without that of the core that this thread is on."""
        here = pocl.current_core()
        return [queue for core, queue in enumerate(self._core_queues) if core != here]

    @cached_property
    def _core_queues(self) -> list[Any]:
        import pyopencl as cl

        return [cl.CommandQueue(self.context, core) for core in self.cores]

    def kernel(self, source: str, name: str, binary: bytes | None = None) -> Any:
        """Return a new kernel; its program is built once in a process.

        One whose source begins with ``IN_CALLER`` is for ``caller``.

        :param binary: what an earlier process stored of it; a binary that the driver refuses is ignored.
        :raises pyopencl.Error: the source does not compile.
        """
        import pyopencl as cl

        with self._lock, _quietly():
            return cl.Kernel(self._program(source, binary), name)

    def binary(self, source: str) -> bytes:
        """Return a program compiled, for :meth:`kernel` of a later process.

        Each of its kernels has to have run, with the work-group size it will run with: PoCL compiles for a
        size when it first meets it. A program that was asked for its binary never gets more into it, so
        PoCL is asked for that of another program of the same source, which it has ready.
        """
        import pyopencl as cl

        with self._lock, _quietly():
            program = self._built(source) if self.pocl is not None else self._program(source, None)
            (found,) = program.get_info(cl.program_info.BINARIES)
        return bytes(found)

    def _program(self, source: str, binary: bytes | None) -> Any:
        program = self._programs.pop(source, None) or self._loaded(source, binary) or self._built(source)
        self._programs[source] = program
        if len(self._programs) > KEPT_PROGRAMS:
            self._programs.popitem(last=False)
        return program

    def _loaded(self, source: str, binary: bytes | None) -> Any:
        import pyopencl as cl

        if binary is None:
            return None
        try:
            return cl.Program(self.context, [self._for(source)], [binary]).build()
        except cl.Error:
            return None

    def _built(self, source: str) -> Any:
        import pyopencl as cl

        if self.pocl == (3, 0):
            from .declarations import SKIPPED, declared  # a program that was kept needs neither

            if (short := declared(source)) is not None:
                with suppress(cl.Error):
                    return self._compiled(source, short, SKIPPED)
        return self._compiled(source, source)

    def _compiled(self, source: str, text: str, *options: str) -> Any:
        import pyopencl as cl

        # -w: a compiler prints how many warnings there were. False: not into pyopencl's own cache.
        program = cl.Program(self.context, text)
        return program.build(["-w", *options], devices=[self._for(source)], cache_dir=False)  # type: ignore[arg-type]

    def _for(self, source: str) -> Any:
        return self.caller if source.startswith(IN_CALLER) else self.found.device


def open_device(wanted: str | None, rename_cpu: bool = True) -> Device:
    """Return the device that ``wanted`` names, opened once in a process (see :func:`runtime.choose`)."""
    found = choose(wanted)
    key = found.index, rename_cpu
    with _opening:
        if key not in _opened:
            _opened[key] = Device(found, rename_cpu)
    device = _opened[key]
    device.check_process()
    return device


@contextmanager
def _quietly() -> Iterator[None]:
    """Leave out what a compiler says of a program that it could build, and pyopencl of its own caches."""
    with warnings.catch_warnings():
        if not os.environ.get("PYOPENCL_COMPILER_OUTPUT"):
            warnings.simplefilter("ignore")
        yield


_opened: dict[tuple[int, bool], Device] = {}
_opening = threading.Lock()
