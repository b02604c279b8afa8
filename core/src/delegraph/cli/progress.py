"""A bar on the terminal for what takes seconds and is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter


@contextmanager
def progress_bar(steps: int) -> Iterator[Callable[[str], None]]:
    """Give a function that shows what begins, as a bar on stderr if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    # Drawn between runs, never beside them: a thread that draws would be measured, too.
    bar = Progress(console=Console(stderr=True), transient=True, auto_refresh=False)
    if not bar.console.is_terminal:  # rich 13.0 ends even a bar that is off with an empty line
        yield lambda stage: None
        return
    with bar:
        task = bar.add_task("", total=steps)
        drawn = 0.0

        def step(stage: str) -> None:
            nonlocal drawn
            bar.update(task, advance=1, description=stage)
            if perf_counter() - drawn > 0.1:
                bar.refresh()
                drawn = perf_counter()

        yield step
