"""What of a device decides how GPU kernels are cut."""

from __future__ import annotations

from ..program.target import Target


def fits(target: Target, items: int, local_bytes: int = 0) -> bool:
    """Say whether a work-group of so many work-items, with so much local memory, can run."""
    device = target.device.found.device
    most = min(device.max_work_group_size, device.max_work_item_sizes[0])
    return bool(items <= most and local_bytes <= device.local_mem_size)


def has_fast_local_memory(target: Target) -> bool:
    """Say whether local memory is memory of its own; on some GPUs, and on CPUs, it is like all other."""
    import pyopencl as cl

    return bool(target.device.found.device.local_mem_type == cl.device_local_mem_type.LOCAL)
