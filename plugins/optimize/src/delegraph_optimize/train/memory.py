"""How much memory training takes, found out before it begins."""

from __future__ import annotations

from pathlib import Path

from delegraph import InputError, bytes_text

from .module import TrainableModel

_COPIES = 4  # of a parameter: itself, its gradient, two moments of Adam
_KEPT = 3  # of an activation: it, its rounded form and the mask of what was within reach


def needed_bytes(module: TrainableModel, batch: int) -> int:
    """Return about how many bytes a step takes, besides samples."""
    weights: int = sum(p.numel() * p.element_size() for p in module.parameters())
    written = sum(t.nbytes or 0 for op in module.edges.graph.ops for t in op.outputs)
    return weights * (_COPIES + 2) + written * batch * (_KEPT if module.edges.bits else 2)


def check_memory(module: TrainableModel, batch: int, samples: int) -> None:
    """:raises InputError: memory does not suffice"""
    needed, there = needed_bytes(module, batch) + samples, free_bytes()
    if there is not None and needed > there:
        raise InputError(
            f"training with a batch of {batch} needs about {bytes_text(needed)} of memory, found "
            f"{bytes_text(there)} free; a smaller batch needs less, and so do fewer samples"
        )


def free_bytes() -> int | None:
    """Return how much memory may be taken; None where the system does not say."""
    found = [_available(), _of_group()]
    return min((n for n in found if n is not None), default=None)


def _available() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def _of_group() -> int | None:
    """Return what a container's limit leaves."""
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text().strip()
        used = (group / "memory.current").read_text().strip()
        return None if limit == "max" else max(int(limit) - int(used), 0)
    except (OSError, ValueError):
        return None
