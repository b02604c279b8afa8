"""Which delegates stand for the hardware that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from ..contract import Delegate
from ..errors import DelegraphError
from ..plugins import REFERENCE, Plugins
from .hardware import CpuKernelMode, HardwareAccelerator
from .options import Options

GPU = "opencl"
LITERT = "litert"
NOT_NPUS = (REFERENCE, LITERT, GPU)
COMPILER = "edgetpu"  # runs on the CPU what the device would: any other NPU comes first


@frozen
class Wish:
    """A delegate that would do, with its options."""

    name: str
    options: dict[str, Any]


def accelerators(options: Options, plugins: Plugins) -> Iterator[list[Wish]]:
    """Yield, for each kind of hardware asked for but the CPU, the delegates that would do, best first."""
    wanted = HardwareAccelerator(options.hardware_accelerators)
    if HardwareAccelerator.NPU in wanted:
        found = [name for name in sorted(plugins.delegates()) if name not in NOT_NPUS]
        yield [Wish(name, {}) for name in sorted(found, key=COMPILER.__eq__)] or [Wish(COMPILER, {})]
    if HardwareAccelerator.GPU in wanted:
        exact = options.gpu_options.enforce_f32
        yield [Wish(GPU, {"precision": "float32" if exact else "auto"})]


def of_cpu(options: Options) -> list[Wish]:
    """Return the delegates that would do for the CPU, best first."""
    cpu = options.cpu_options
    threads = {"num_threads": cpu.num_threads} if cpu.num_threads > 0 else {}
    reference = Wish(REFERENCE, threads)
    if cpu.kernel_mode == CpuKernelMode.REFERENCE:
        return [reference, Wish(LITERT, {"resolver": "builtin_ref", **threads})]
    own = cpu.kernel_mode == CpuKernelMode.BUILTIN
    kernels = {"resolver": "builtin_without_default_delegates"} if own else {}
    return [Wish(LITERT, {**kernels, **threads}), reference]


def first_that_works(wishes: list[Wish], plugins: Plugins) -> Delegate:
    """Load the first delegate that is installed and works here; raise why the first does not otherwise."""
    first: DelegraphError | None = None
    for wish in wishes:
        try:
            delegate = plugins.load(wish.name, wish.options)
            why = plugins.unavailable(delegate)
        except DelegraphError as e:
            first = first or e
        else:
            if why is None:
                return delegate
            first = first or DelegraphError(f"delegate {wish.name!r} cannot work here: {why}")
    assert first is not None
    raise first
