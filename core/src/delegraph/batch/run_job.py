"""A job on many files: here, in processes or on a cluster, from where an earlier command stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from ..partition.cost_table import cores
from ..plugins.automatic import AUTO
from ..values import field, frozen
from .job import Item, Job, Result
from .journal import Journal
from .workers import Chunk, chunks, here, in_processes, on_ray

FILES = 64  # that make it worth while to start a process
Progress = Callable[[Result], None]  # called for each file that is done


@frozen
class Where:
    """Where a job runs."""

    workers: int | None = 1  # processes; 1: this one; None: what is worth while (see ``worth_while``)
    ray: str | None = None  # the address of a cluster
    batch_size: int = 8  # files that one call is given; a model with an open batch runs them together

    def run(self, job: Job, items: Sequence[Item]) -> Iterator[list[Result]]:
        """Yield results as they come."""
        parts: list[Chunk] = chunks(items, self.batch_size)
        if self.ray is not None:
            return on_ray(job, parts, self.ray)
        workers = worth_while(job, len(items)) if self.workers is None else self.workers
        if workers > 1 and len(parts) > 1:
            return in_processes(job, parts, min(workers, len(parts)))
        return here(job, parts)


def worth_while(job: Job, files: int) -> int:
    """Return how many processes files are worth: one, or as many as processors with ``auto`` delegates.

    A process takes a second to start, and has a model of its own in memory.
    """
    if AUTO not in job.delegates:
        return 1
    return max(1, min(cores(), files // FILES))


@frozen(hash=False)
class Finished:
    """What became of all files."""

    results: Callable[[], Iterator[Result]]  # in the order of the files; to be called for each pass
    resumed: int = 0  # results of an earlier command
    journal: Journal | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"<Finished: results(), {self.resumed} of an earlier command>"

    def _repr_html_(self) -> str:
        from ..report.notebook import report_html
        from .result_text import results_parts

        return "".join(map(report_html, results_parts(self.results())))


def run_job(
    job: Job,
    items: Sequence[Item],
    where: Where,
    journal: Journal | None = None,
    progress: Progress = lambda result: None,
) -> Finished:
    """Do a job on files.

    :param journal: keeps results on the way, and has those of an earlier try
    """
    kept: dict[int, Result] = {}
    done = journal.done if journal is not None else set()
    with ExitStack() as stack:
        running = where.run(job, [item for item in items if item.number not in done])
        stack.callback(_closed, running)
        for results in running:
            if journal is not None:
                journal.add(results)
            else:
                kept.update((r.number, r) for r in results)
            for result in results:
                progress(result)
    if journal is not None:
        return Finished(journal.results, len(done), journal)
    return Finished(lambda: (kept[n] for n in sorted(kept)))


def _closed(running: Iterator[list[Result]]) -> None:
    """End processes at once after Ctrl-C, rather than when the iterator is collected."""
    close = getattr(running, "close", None)
    if close is not None:
        close()
