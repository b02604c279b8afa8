"""Which delegates stand for the hardware that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..contract import Delegate
from ..errors import DelegraphError, InputError
from ..log import logger
from ..plugins import REFERENCE, Plugins
from ..values import frozen
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


def accelerators(options: Options) -> list[Delegate]:
    """Return a loaded delegate for each kind of hardware asked for but the CPU.

    :raises DelegraphError: there is none for one of them, and the CPU was not asked for.
    """
    wanted = HardwareAccelerator(options.hardware_accelerators)
    if not wanted:
        raise InputError("hardware_accelerators needs one of CPU, GPU and NPU at least, found none")
    plugins, found = Plugins.installed(), []
    for kind, wishes in _wishes(options, plugins):
        try:
            found.append(_first_that_works(wishes, plugins))
        except DelegraphError as e:
            if HardwareAccelerator.CPU not in wanted:
                raise
            logger.warning("no %s: %s; the rest of the hardware asked for is used instead", kind.name, e)
    return found


def of_cpu(options: Options) -> list[Delegate]:
    """Return a loaded delegate for the CPU; [] where it was not asked for."""
    if HardwareAccelerator.CPU not in HardwareAccelerator(options.hardware_accelerators):
        return []
    return [_first_that_works(_wishes_of_cpu(options), Plugins.installed())]


def _wishes(options: Options, plugins: Plugins) -> Iterator[tuple[HardwareAccelerator, list[Wish]]]:
    """Yield, for each kind of hardware asked for but the CPU, the delegates that would do, best first."""
    wanted = HardwareAccelerator(options.hardware_accelerators)
    if HardwareAccelerator.NPU in wanted:
        found = [name for name in sorted(plugins.delegates()) if name not in NOT_NPUS]
        names = sorted(found, key=COMPILER.__eq__) or [COMPILER]
        yield HardwareAccelerator.NPU, [Wish(name, {}) for name in names]
    if HardwareAccelerator.GPU in wanted:
        exact = options.gpu_options.enforce_f32
        yield HardwareAccelerator.GPU, [Wish(GPU, {"precision": "float32" if exact else "auto"})]


def _wishes_of_cpu(options: Options) -> list[Wish]:
    cpu = options.cpu_options
    threads = {"num_threads": cpu.num_threads} if cpu.num_threads > 0 else {}
    reference = Wish(REFERENCE, threads)
    if cpu.kernel_mode == CpuKernelMode.REFERENCE:
        return [reference, Wish(LITERT, {"resolver": "builtin_ref", **threads})]
    own = cpu.kernel_mode == CpuKernelMode.BUILTIN
    kernels = {"resolver": "builtin_without_default_delegates"} if own else {}
    return [Wish(LITERT, {**kernels, **threads}), reference]


def _first_that_works(wishes: list[Wish], plugins: Plugins) -> Delegate:
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
