"""What was measured of a model, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from ..text import bytes_text, time_text
from .benchmark import Line, Measured, Profile, Timing, by_op, by_type, outside
from .terminal import report_table

COUNTED = ("moved>", "per second>", "GFLOP/s>")  # columns where some event counts bytes
MUCH = 3  # times a later run that the first one takes
SHOWN = 20  # ops in the table of single ops; --json has all


def tables(found: Measured, load: float | None = None) -> Iterator[Table]:
    """Yield tables of times, of memory, and of the ops where they were watched.

    :param load: seconds that reading the model and loading the delegates took.
    """
    yield times_table(found.timing, load, found.estimate)
    yield _memory_table(found)
    if found.profile is not None:
        yield from profile_tables(found.profile)


def profile_tables(found: Profile) -> Iterator[Table]:
    """Yield the types of ops, and the ops that take longest."""
    yield _profile_table("op type", by_type(found), found)
    ops = by_op(found)
    yield _profile_table("op", ops[:SHOWN], found, rest=ops[SHOWN:])


def times_table(t: Timing, load: float | None = None, estimate: float | None = None) -> Table:
    """Return what was measured, a line for each stage; and what a run was estimated to take."""
    steady = (
        f"median of {len(t.runs)}; 90 % took {time_text(t.p90)} or less, the fastest {time_text(t.min)}"
    )
    once = "what comes once: memory, caches, compiling what prepare left over"
    if t.first > MUCH * t.median > 0:
        once += f"; {t.first / t.median:.0f} times a later run"
    ratio = (estimate or 0.0) / t.median if t.median else 0.0
    rows = (
        ("load", load, "read the model, load the delegates"),
        ("prepare", t.prepare, "plan, fold constants, compile kernels that no cache has"),
        ("first run", t.first, once),
        ("run", t.median, steady),
        (
            "estimate",
            estimate,
            f"from measured costs of ops: {ratio:.2f} times the run",
        ),
    )
    shown = report_table("", "time>", "")
    for name, seconds, about in rows:
        if seconds is not None:
            shown.add_row(name, time_text(seconds), about)
    return shown


def _memory_table(found: Measured) -> Table:
    memory = found.memory
    at = "" if memory.peak_op is None else f"at their peak, during {memory.peak_op}"
    if memory.unknown:
        at += f"; {memory.unknown} tensors whose size only a run shows are not counted"
    rows = (
        ("tensors", memory.peak, at),
        ("variables", memory.variables, "state between runs"),
        ("weights", memory.constants, "constants, mapped from the file or folded"),
        ("process", found.process_bytes, "Python and all libraries, at their peak"),
    )
    on_devices = [
        (label, nbytes, f"{what} on the device")
        for label, held in found.device_bytes.items()
        for what, nbytes in held.items()
    ]
    shown = report_table("", "memory>", "")
    for name, nbytes, about in (*rows, *on_devices):
        if nbytes:
            shown.add_row(name, bytes_text(nbytes), about)
    return shown


def _profile_table(what: str, lines: Sequence[Line], profile: Profile, rest: Sequence[Line] = ()) -> Table:
    """Return the lines, what is left of the ops, and what no event accounts for; shares add up to 100 %."""
    run = profile.seconds / profile.runs
    counted = any(line.nbytes for line in lines)
    shown = report_table(what, "runs on", "calls>", "time>", "share>", *(COUNTED if counted else ()))
    for line in lines:
        cells = _time_and_share(line.seconds, run) + (_counted(line) if counted else ())
        shown.add_row(_name(line), line.delegate, f"{line.calls:g}", *cells)
    if rest:
        seconds = sum(line.seconds for line in rest)
        shown.add_row(f"{len(rest)} more ops (--json has all)", "", "", *_time_and_share(seconds, run))
    shown.add_row("between ops", "", "", *_time_and_share(outside(profile), run), style="dim")
    shown.add_row("one run", "", "", time_text(run), "100.0 %", style="bold")
    return shown


def _name(line: Line) -> str:
    if line.op is None:
        return f"{line.name} {line.detail}".rstrip()
    inside = f"{line.subgraph}:" if line.subgraph else ""
    return f"#{inside}{line.op} {line.name}" + (f" ({line.detail})" if line.detail else "")


def _counted(line: Line) -> tuple[str, ...]:
    rate, flops = line.gigabytes_per_second, line.gigaflops_per_second
    return (
        bytes_text(round(line.nbytes)) if line.nbytes else "",
        bytes_text(round(rate * 1e9)) if rate else "",
        f"{flops:.3g}" if flops else "",
    )


def _time_and_share(seconds: float, run: float) -> tuple[str, str]:
    return time_text(seconds), f"{100 * seconds / run if run else 0:.1f} %"
