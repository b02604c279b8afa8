"""What no single op shows: tensors larger than the device takes in one buffer, or than kernels count."""

from __future__ import annotations

from collections.abc import Mapping

from delegraph import DTYPES, DelegraphError, Op, Partition, Refusal, Tensor, shape_text

from ..device.buffers import ALIGNMENT
from ..device.runtime import choose

# Every OpenCL device of the full profile takes buffers of this size: for smaller tensors none is asked.
ALWAYS_FITS = 64 << 20  # bytes
_MOST_ELEMENTS = 1 << 31  # kernels count in int
_WIDEST = 4  # bytes of a real number


def too_large(partition: Partition, device: str | None) -> Mapping[int, list[Refusal]]:
    """Return the refusals of ops with a tensor that is too large, by op index.

    :param device: which device, as the option says.
    """
    largest = {op.index: max(_tensors(op), key=nbytes) for op in partition.ops}
    large = {index: t for index, t in largest.items() if nbytes(t) > ALWAYS_FITS}
    found = {index: _refusals(t, _limit(device)) for index, t in large.items()}
    return {index: refusals for index, refusals in found.items() if refusals}


def nbytes(tensor: Tensor) -> int:
    """Return the bytes that a tensor takes on the device, at the most."""
    return tensor.size * max(int(DTYPES[tensor.dtype].numpy.itemsize), _WIDEST)


def _tensors(op: Op) -> list[Tensor]:
    return [t for t in (*op.inputs, *op.outputs) if t is not None]


def _limit(device: str | None) -> int | None:
    """Return the most bytes that a tensor may take; None without a device: then it is a plan only."""
    try:
        return int(choose(device).device.max_mem_alloc_size) - ALIGNMENT
    except DelegraphError:
        return None


def _refusals(tensor: Tensor, limit: int | None) -> list[Refusal]:
    which = f"tensor {tensor.index} {tensor.name!r} of shape {shape_text(tensor.shape)}"
    refusals = []
    if tensor.size >= _MOST_ELEMENTS:
        refusals.append(Refusal("tensors of fewer than 2³¹ elements", f"{tensor.size:,} for {which}"))
    if limit is not None and nbytes(tensor) > limit:
        rule = f"tensors of up to {limit:,} bytes (the device's CL_DEVICE_MAX_MEM_ALLOC_SIZE)"
        refusals.append(Refusal(rule, f"{nbytes(tensor):,} bytes for {which}"))
    return refusals
