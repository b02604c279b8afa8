"""Runs partitions on an OpenCL device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from delegraph import Delegate, evolve

from .options import Options

if TYPE_CHECKING:
    from delegraph import Model, Partition, Plan, Refusal, Run

    from .cache.cache import Cache
    from .device.device import Device
    from .device.handle import Handle
    from .program.target import Target
    from .run.device_value import DeviceValue


class OpenCL(Delegate):
    """Float and 8-bit quantized models on GPUs, and on CPUs through PoCL."""

    name = "opencl"
    Options = Options
    contiguous = False  # what is not is packed while it is uploaded

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from .device.buffers import ByteCounts

        super().__init__(*args, **kwargs)
        self.min_ops = self.options.min_ops
        self.max_partitions = self.options.max_partitions
        self.cache = self._cache(self.options.serialization_dir)
        self.counts = ByteCounts()

    def _cache(self, directory: str | None) -> Cache | None:
        if directory is None:
            return None
        from .cache.cache import Cache

        return Cache.of(directory, self.options)

    def unavailable(self) -> str | None:
        from delegraph import DelegraphError

        from .device.cpu_name import is_unknown
        from .device.runtime import choose

        try:
            found = choose(self.options.device)
        except DelegraphError as e:
            return str(e)
        if not self.options.rename_cpu and is_unknown(found.device):
            return f"{found.name}: PoCL 3.0 does not compile for this CPU unless it is renamed (rename_cpu)"
        return self._lacks_bfloat16() if self.options.precision == "bfloat16" else None

    def _lacks_bfloat16(self) -> str | None:
        """Say why ``precision="bfloat16"`` cannot be had."""
        if self.options.kernels == "gpu":
            return "precision='bfloat16' needs the kernels for CPUs, found kernels='gpu'"
        if self.device.bfloat16:
            return None
        needed = "PoCL 3.0 or 3.1 on Linux, and a CPU for which /proc/cpuinfo lists avx512_bf16"
        return f"precision='bfloat16' needs {needed}; found {self.device_name()}"

    @cached_property
    def device(self) -> Device:
        """The device, opened when first asked for."""
        from .device.device import open_device

        return open_device(self.options.device, self.options.rename_cpu)

    @cached_property
    def handle(self) -> Handle:
        """The device as this delegate uses it."""
        from .device.handle import Handle

        return Handle(self.device, self, self.counts)

    @property
    def context(self) -> Any:
        """The ``pyopencl.Context``: memory that a program passes in belongs to it."""
        return self.device.context

    @property
    def queue(self) -> Any:
        """The in-order queue of all this delegate's partitions: they hand over without waiting."""
        return self.handle.queue

    @cached_property
    def target(self) -> Target:
        from .program.target import Target

        precision, variant = self.options.precision, self.options.kernels
        if precision == "auto":
            precision = "float16" if self.device.type == "gpu" and self.device.has_fp16 else "float32"
        if variant == "auto":  # the one place where CPU or GPU kernels are chosen
            variant = "cpu" if self.device.type == "cpu" else "gpu"
        tune = self.device.type == "gpu" if self.options.tune is None else self.options.tune
        bfloat16 = self.device.bfloat16 if precision == "bfloat16" else ""
        return Target(self.device, precision == "float16", variant, tune=tune, bfloat16=bfloat16)

    def device_name(self) -> str:
        from .device.runtime import choose

        found = choose(self.options.device)
        return f"{found.name}, {found.platform}"

    def priority(self) -> int:
        from .device.runtime import choose

        return 10 if choose(self.options.device).type == "cpu" else 30

    def adapted(self, model: Model) -> Model:
        if (channels := self.options.input_channels) is None:
            return model
        from .program.rgba import with_channels

        return with_channels(model, channels)

    def advise(self, plan: Plan) -> Sequence[str]:
        from .advice import advise

        return advise(plan, self, self.target)

    def check(self, partition: Partition) -> Mapping[int, list[Refusal]]:
        from .program.limits import too_large

        return too_large(partition, self.options.device)

    def prepare(self, partition: Partition) -> Run:
        from .program.lowering import lowered
        from .program.narrow import narrow
        from .program.rewrites import rewrite
        from .run.compile import compiled
        from .run.executable import Executable

        stored = self.cache.entry(partition, self.target) if self.cache else None
        target = self.target if stored is None else evolve(self.target, tuned=stored.tuned)
        nodes = lowered(partition)
        rewrite(nodes)
        narrow(nodes, target)
        return Executable(compiled(nodes, target), partition, self.handle, target, stored)

    def device_bytes(self) -> Mapping[str, int]:
        return self.counts.total()

    def value(self, buffer: Any, shape: Sequence[int] | None = None, dtype: Any = None) -> DeviceValue:
        """Return memory of one's own as a device value: an input without a copy through the host.

        It is read, never written, while a run lasts. The values in it have to be there, or on their way in
        :attr:`queue`, when the run begins.

        :param buffer: a ``pyopencl.array.Array``; or a ``pyopencl.Buffer`` in :attr:`context`, contiguous,
            with ``shape`` and ``dtype``: those of the tensor it is for.
        :raises InputError: it is of another context, too small, or not contiguous.
        """
        from .run.device_value import value_of_buffer

        return value_of_buffer(self.handle, buffer, shape, dtype)

    def empty(self, shape: Sequence[int], dtype: Any) -> DeviceValue:
        """Return a device value to fill. Kernels read it where it is.

        A buffer of one's own has no room for reads past its end: it is copied on the device first.
        """
        import pyopencl as cl

        from .device.buffers import ALIGNMENT
        from .run.device_value import DeviceValue

        value = DeviceValue(self.handle, None, shape, dtype)
        value.buffer = cl.Buffer(self.context, cl.mem_flags.READ_WRITE, value.nbytes + ALIGNMENT)
        return value
