"""What is raised when a delegate fails at a partition: who, which ops, and why."""

from __future__ import annotations

from ..contract import Partition
from ..contract.guard import said
from ..errors import DelegateFailed, DelegraphError

# What a delegate's own mistakes raise, besides what is no Exception; a driver, a full memory or a value
# that does not fit raise others.
_MISTAKES = (
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)


def failed(partition: Partition, doing: str, e: BaseException) -> DelegateFailed:
    """Return the error to raise where a delegate raised ``e``; a Ctrl-C is raised again.

    :param doing: what it was to do with the partition: ``"run"``.
    """
    if isinstance(e, DelegateFailed):
        if e.partition is not None:
            return e
        return DelegateFailed(f"{partition.label}: {e}", partition)
    what = f"{partition.label} failed to {doing} {where(partition)}: {said(e)}"
    return DelegateFailed(what + _whose_fault(partition, e), partition)


def _whose_fault(partition: Partition, e: BaseException) -> str:
    """Say that a delegate's own code is at fault, where it is, and what to do instead."""
    if isinstance(e, DelegraphError) or (isinstance(e, Exception) and not isinstance(e, _MISTAKES)):
        return ""
    package = type(partition.delegate).__module__.partition(".")[0].replace("_", "-")
    instead = f'leave {partition.label!r} out of the delegates, or use on_failure="fallback"'
    return f" (a fault of {package}: please report it with the model; until then, {instead})"


def cause(e: BaseException) -> BaseException | None:
    """Return what the error raised in place of ``e`` has as its cause."""
    return e.__cause__ or e if isinstance(e, DelegateFailed) else e


def where(partition: Partition) -> str:
    """Say which ops a partition holds, for messages."""
    ops = partition.ops
    text = str(ops[0]) if len(ops) == 1 else f"{len(ops)} ops, {ops[0]} to {ops[-1]}"
    return text + (f" of subgraph {partition.subgraph}" if partition.subgraph else "")
