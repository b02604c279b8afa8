"""Measure what a model takes: to load, to prepare, to run; time, memory, and the time of each op."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import Any

import attrs

from .. import profile
from ..contract import Delegate
from ..contract.asking import ask_or
from ..contract.guard import byte_counts
from ..partition import MemoryEstimate
from ..profile import Event
from ..text import bytes_text
from ..values import evolve, field, frozen
from .prepared_model import PreparedModel


@frozen
class Timing:
    """Seconds."""

    prepare: float
    first: float  # the first run: caches are cold, a GPU compiles
    runs: tuple[float, ...]  # the steady ones, in order

    def __repr__(self) -> str:
        first = f"prepare {self.prepare:.3g} s, first run {self.first:.3g} s"
        return f"<Timing: {first}, run {self.median:.3g} s (median of {len(self.runs)})>"

    def _repr_html_(self) -> str:
        from .benchmark_text import times_table
        from .notebook import report_html

        return report_html(times_table(self))

    @property
    def median(self) -> float:
        return median(self.runs)

    @property
    def min(self) -> float:
        return min(self.runs)

    @property
    def p90(self) -> float:
        """Nine runs of ten took no longer."""
        return sorted(self.runs)[-(-9 * len(self.runs) // 10) - 1]


@frozen
class Profile:
    """What delegates recorded while some more runs were watched, which slows them down a little."""

    runs: int
    seconds: float  # of all these runs together
    events: tuple[Event, ...] = field(repr=False)

    def _repr_html_(self) -> str:
        from .benchmark_text import profile_tables
        from .notebook import report_html

        return "".join(map(report_html, profile_tables(self)))


@frozen
class Line:
    """A line of a profile: all events of one op, or of one type of op on one delegate."""

    name: str
    delegate: str
    calls: float  # per run
    seconds: float  # per run
    share: float  # of the run's time, 0 to 1
    op: int | None = None  # index in its subgraph; None for a type of op, or what is no op
    subgraph: int = 0
    detail: str = ""
    nbytes: float | None = None  # per run; None where no event says
    flops: float | None = None  # per run

    @property
    def gigabytes_per_second(self) -> float | None:
        return _rate(self.nbytes, self.seconds)

    @property
    def gigaflops_per_second(self) -> float | None:
        return _rate(self.flops, self.seconds)


@frozen
class Measured:
    """What :func:`benchmark` found."""

    timing: Timing
    memory: MemoryEstimate
    process_bytes: (
        int | None
    )  # the most that the whole process has held; None where the system does not say
    profile: Profile | None = None
    # What each delegate holds on its device, in bytes, by label and by what for: {"opencl": {"weights": …}}
    device_bytes: Mapping[str, Mapping[str, int]] = field(factory=dict)
    interrupted: bool = False  # Ctrl-C came: ``timing`` has the runs before it
    estimate: float | None = None  # seconds of a run, from measured costs; None where some are not

    def __repr__(self) -> str:
        watched = "" if self.profile is None else f", {self.profile.runs} runs watched op by op"
        return f"<Measured: {self.timing!r}, {bytes_text(self.memory.peak)} of tensors{watched}>"

    def __str__(self) -> str:
        from .benchmark_text import tables
        from .terminal import report_text

        return "\n\n".join(map(report_text, tables(self)))

    def _repr_html_(self) -> str:
        from .benchmark_text import tables
        from .notebook import report_html

        return "".join(map(report_html, tables(self)))


def benchmark(
    running: PreparedModel,
    runs: int = 20,
    warmup: int = 3,
    profiled: int = 0,
    progress: Callable[[str], None] = lambda stage: None,
) -> Measured:
    """Prepare a model and run it often. Ctrl-C after the first measured run ends it with what there is.

    :param running: the model, not yet prepared, with its inputs.
    :param runs: how many runs are measured, after ``warmup`` runs that are not.
    :param profiled: how many runs more are watched op by op; 0: no profile.
    :param progress: called before each stage and run with what begins: ``"prepare"``, ``"run"``, ...
    """
    progress("prepare")
    prepare = _seconds(running.prepare)
    progress("first run")
    first = _seconds(running.invoke)
    for _ in range(warmup):
        progress("warm up")
        running.invoke()
    steady: list[float] = []
    profile, interrupted = None, False
    try:
        for _ in range(runs):
            progress("run")
            steady.append(_seconds(running.invoke))
        profile = _profiled(running, profiled, progress) if profiled else None
    except KeyboardInterrupt:
        if not steady:
            raise
        interrupted = True
    return Measured(
        Timing(prepare, first, tuple(steady)),
        running.interpreter.memory(running.interface.subgraph),
        process_peak(),
        profile,
        _device_bytes(running.interpreter.delegates),
        interrupted,
        _estimated(running),
    )


def _estimated(running: PreparedModel) -> float | None:
    from ..partition.cost_model import is_measured
    from ..partition.estimate import estimate

    interpreter = running.interpreter
    return estimate(interpreter.plan).seconds if is_measured(interpreter.delegates) else None


def by_type(found: Profile) -> list[Line]:
    """Return a line for each type of op on each delegate, the longest first."""
    return _lines(found, lambda e: Line(e.name, e.delegate, 0, 0, 0))


def by_op(found: Profile) -> list[Line]:
    """Return a line for each op, the longest first; other events have one for each detail."""
    return _lines(found, lambda e: Line(e.name, e.delegate, 0, 0, 0, e.op, e.subgraph, e.detail))


def outside(found: Profile) -> float:
    """Return the seconds per run that no event accounts for: the interpreter, hand-overs, copies."""
    return max(found.seconds - sum(e.seconds for e in found.events), 0.0) / found.runs


def process_peak() -> int | None:
    """Return the most bytes this process has held so far; None if the system does not say.

    Linux counts what the process held that it was forked from in ``ru_maxrss``, not in ``VmHWM``.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):  # not Linux
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def to_json(found: Measured) -> dict[str, Any]:
    """Return the measurement as values that ``json.dumps`` takes; times in seconds."""
    t, memory = found.timing, found.memory
    steady = {"median": t.median, "p90": t.p90, "min": t.min, "runs": list(t.runs)}
    result: dict[str, Any] = {
        "interrupted": found.interrupted,
        "seconds": {"prepare": t.prepare, "first": t.first, "steady": steady, "estimate": found.estimate},
        "bytes": {
            "peak_of_tensors": memory.peak,
            "variables": memory.variables,
            "constants": memory.constants,
            "tensors_of_unknown_size": memory.unknown,
            "process": found.process_bytes,
            "devices": {label: dict(held) for label, held in found.device_bytes.items()},
        },
    }
    if found.profile is not None:
        result["profile"] = {
            "runs": found.profile.runs,
            "seconds_per_run": found.profile.seconds / found.profile.runs,
            "by_type": [_line_json(line) for line in by_type(found.profile)],
            "by_op": [_line_json(line) for line in by_op(found.profile)],
            "outside_seconds": outside(found.profile),
        }
    return result


def _device_bytes(delegates: Iterable[Delegate]) -> dict[str, Mapping[str, int]]:
    nothing: dict[str, int] = {}
    found = {d.label: ask_or(d, "device_bytes", byte_counts, nothing) for d in delegates}
    return {label: held for label, held in found.items() if held}


def _profiled(running: PreparedModel, runs: int, progress: Callable[[str], None]) -> Profile:
    seconds = 0.0
    with profile.listen():
        running.invoke()  # not counted: a delegate may have to prepare for being watched
    with profile.listen() as events:
        for _ in range(runs):
            progress("profile")
            seconds += _seconds(running.invoke)
    return Profile(runs, seconds, tuple(events))


def _lines(found: Profile, line_of: Callable[[Event], Line]) -> list[Line]:
    grouped: dict[Line, list[Event]] = {}
    for event in found.events:
        grouped.setdefault(line_of(event), []).append(event)
    lines = [_filled(line, events, found) for line, events in grouped.items()]
    return sorted(lines, key=lambda line: -line.seconds)


def _filled(line: Line, events: Sequence[Event], found: Profile) -> Line:
    seconds = sum(e.seconds for e in events)
    return evolve(
        line,
        calls=len(events) / found.runs,
        seconds=seconds / found.runs,
        share=seconds / found.seconds if found.seconds else 0.0,
        nbytes=_per_run([e.nbytes for e in events], found.runs),
        flops=_per_run([e.flops for e in events], found.runs),
    )


def _per_run(counts: Sequence[int | None], runs: int) -> float | None:
    known = [count for count in counts if count is not None]
    return sum(known) / runs if known else None


def _rate(count: float | None, seconds: float) -> float | None:
    """Return a count per second, in units of 10⁹."""
    return count / seconds * 1e-9 if count and seconds else None


def _line_json(line: Line) -> dict[str, Any]:
    rates = {
        "gigabytes_per_second": line.gigabytes_per_second,
        "gigaflops_per_second": line.gigaflops_per_second,
    }
    values = attrs.asdict(line) | rates
    return {name: value for name, value in values.items() if value not in (None, "")}


def _seconds(function: Callable[[], None]) -> float:
    start = perf_counter()
    function()
    return perf_counter() - start
