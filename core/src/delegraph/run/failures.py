"""What is raised when a delegate fails at a partition: who, which ops, and why."""

from __future__ import annotations

from ..contract import Partition
from ..errors import DelegateFailed


def failed(partition: Partition, doing: str, e: Exception) -> DelegateFailed:
    """Return the error to raise where a delegate raised ``e``.

    :param doing: what it was to do with the partition: ``"run"``.
    """
    if isinstance(e, DelegateFailed):
        if e.partition is not None:
            return e
        return DelegateFailed(f"{partition.label}: {e}", partition)
    what = f"{partition.label} failed to {doing} {where(partition)}"
    return DelegateFailed(f"{what}: {type(e).__name__}: {e}", partition)


def cause(e: Exception) -> BaseException | None:
    """Return what the error raised in place of ``e`` has as its cause."""
    return e.__cause__ or e if isinstance(e, DelegateFailed) else e


def where(partition: Partition) -> str:
    """Say which ops a partition holds, for messages."""
    ops = partition.ops
    text = str(ops[0]) if len(ops) == 1 else f"{len(ops)} ops, {ops[0]} to {ops[-1]}"
    return text + (f" of subgraph {partition.subgraph}" if partition.subgraph else "")
