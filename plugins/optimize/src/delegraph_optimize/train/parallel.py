"""Several processes that train one model: each computes the gradients of its share of a batch, and all go
one step together (torch's DistributedDataParallel over gloo).

The process that was called is the first of them: it measures, tells and saves; the others only compute.
"""

from __future__ import annotations

import datetime
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from delegraph import InputError

from .torch_extra import Module, torch

_PATIENCE = datetime.timedelta(minutes=60)  # while the first one measures


class SharedStep(Module):
    """The loss of a process's share of a batch: what is run in parallel."""

    def __init__(self, module: Any, loss: Callable[[np.ndarray], Any], rank: int, count: int) -> None:
        super().__init__()
        self.module = module
        self._loss, self._rank, self._count = loss, rank, count

    def forward(self, numbers: np.ndarray) -> Any:
        """Return the loss of a share, weighed so that the mean of all processes is that of the batch."""
        own = numbers[self._rank :: self._count]
        if not len(own):  # fewer samples are left than there are processes
            return self._loss(numbers[:1]) * 0.0
        return self._loss(own) * (len(own) * self._count / len(numbers))


def shared(module: Any, loss: Callable[[np.ndarray], Any], rank: int, count: int, has_unused: bool) -> Any:
    """Return a step whose gradients are those of all processes.

    :param has_unused: whether some parameters get no gradient
    """
    step = SharedStep(module, loss, rank, count)
    if count == 1:
        return step
    return torch.nn.parallel.DistributedDataParallel(step, find_unused_parameters=has_unused)


def mean_of_all(value: float, count: int) -> float:
    """Return the mean of what the processes have."""
    if count == 1:
        return value
    found = torch.tensor([value], dtype=torch.float64)
    torch.distributed.all_reduce(found)
    return float(found) / count


@contextmanager
def processes(count: int, work: Callable[..., None], *given: Any) -> Iterator[None]:
    """Run ``work(*given)`` in other processes while the block runs in this one, all of one group.

    :raises InputError: a process cannot be started, or ends too early
    """
    if count == 1:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = os.path.join(folder, "meeting")
        context = torch.multiprocessing.get_context("spawn")
        others = [
            context.Process(target=_joined, args=(meeting, rank, count, work, *given), daemon=True)
            for rank in range(1, count)
        ]
        threads, started = torch.get_num_threads(), []
        try:
            for other in others:
                other.start()
                started.append(other)
            _join(meeting, 0, count)
            yield
        except (RuntimeError, AttributeError, TypeError) as e:  # of torch; what cannot be sent to a process
            codes = [other.exitcode for other in started if other.exitcode]
            told = f"exit code {codes[0]}" if codes else str(e).splitlines()[0][:200]
            raise InputError(f"training in {count} processes failed: {told}") from e
        finally:
            for other in started:
                other.join(timeout=5)
                if other.is_alive():
                    other.terminate()
            if torch.distributed.is_initialized():
                torch.distributed.destroy_process_group()
            torch.set_num_threads(threads)


def _joined(meeting: str, rank: int, count: int, work: Callable[..., None], *given: Any) -> None:
    _join(meeting, rank, count)
    work(rank, *given)
    torch.distributed.destroy_process_group()


def _join(meeting: str, rank: int, count: int) -> None:
    torch.set_num_threads(max((os.cpu_count() or 1) // count, 1))
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{meeting}", rank=rank, world_size=count, timeout=_PATIENCE
    )
