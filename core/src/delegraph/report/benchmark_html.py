"""A measurement as a page: the time of runs and how it varies, of each delegate, and of each op."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..text import bytes_text, html_text, time_text
from .benchmark import Line, Measured, Profile, Timing, by_op, by_type, outside
from .charts_html import Chart, bars, charts_page, table_html
from .colors import colors

MOST = 60  # ops that are drawn, the longest ones; JSON has all
_PLAIN = "#7cc7ee"


def to_html(name: str, load: float, found: Measured) -> str:
    """Return the page.

    :param name: of the model.
    :param load: seconds that reading it and loading the delegates took.
    """
    charts = [_percentiles(found.timing), _runs(found.timing)]
    if found.profile is not None:
        charts += _profile(found.profile)
    above = _facts(load, found.timing) + _memory(found)
    return charts_page(f"{name}: time and memory", name, above, charts)


def _facts(load: float, t: Timing) -> str:
    facts = (
        ("median of " + str(len(t.runs)), t.median),
        ("90 % took no longer", t.p90),
        ("fastest", t.min),
        ("slowest", max(t.runs)),
        ("first run", t.first),
        ("prepare", t.prepare),
        ("load", load),
    )
    listed = (f"<li><b>{time_text(s)}</b> {html_text(what)}</li>" for what, s in facts)
    return f'<ul class="facts">{"".join(listed)}</ul>'


def _memory(found: Measured) -> str:
    memory = found.memory
    rows = [
        (
            "tensors",
            memory.peak,
            "" if memory.peak_op is None else f"at their peak, during {memory.peak_op}",
        ),
        ("variables", memory.variables, "state between runs"),
        ("weights", memory.constants, "constants, mapped from the file or folded"),
        ("process", found.process_bytes or 0, "Python and all libraries, at their peak"),
        *(
            (label, nbytes, f"{what} on the device")
            for label, held in found.device_bytes.items()
            for what, nbytes in held.items()
        ),
    ]
    return table_html(("memory", "size>", ""), [(a, bytes_text(n), about) for a, n, about in rows if n])


def _percentiles(t: Timing) -> Chart:
    runs = sorted(t.runs)
    share = [100 * (i + 1) / len(runs) for i in range(len(runs))]
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": share,
        "y": [1000 * s for s in runs],
        "line": {"color": _PLAIN, "shape": "vh"},
        "hovertemplate": "%{x:.0f} % of the runs took %{y:.3g} ms or less<extra></extra>",
    }
    layout = {
        "xaxis": {"title": {"text": "% of the runs"}, "range": [0, 101]},
        "yaxis": {"title": {"text": "ms"}, "rangemode": "tozero"},
    }
    return Chart("Percentiles", "this share of the runs took so long or less", [trace], layout, 280)


def _runs(t: Timing) -> Chart:
    trace = {
        "type": "bar",
        "x": list(range(1, len(t.runs) + 1)),
        "y": [1000 * s for s in t.runs],
        "marker": {"color": _PLAIN},
        "hovertemplate": "run %{x}: %{y:.3g} ms<extra></extra>",
    }
    places = {"title": {"text": "run"}, "dtick": max(1, len(t.runs) // 10)}
    layout = {"xaxis": places, "yaxis": {"title": {"text": "ms"}}}
    return Chart("Runs", "in their order", [trace], layout, 240)


def _profile(profile: Profile) -> Iterator[Chart]:
    ops = by_op(profile)
    color_of = colors(line.delegate for line in ops)
    shares: Counter[str] = Counter()
    for line in ops:
        shares[line.delegate] += line.seconds  # type: ignore[assignment]
    labels = [*(label for label, _ in shares.most_common()), "between ops"]
    seconds = [*(s for _, s in shares.most_common()), outside(profile)]
    about = f"of {profile.runs} runs that were watched, which slows them down a little"
    drawn = [*(color_of[label] for label in labels[:-1]), "#8b97a5"]
    yield bars("Delegates", about, labels, [1000 * s for s in seconds], drawn, "ms")
    yield _lines("Types of ops", "", by_type(profile)[:MOST], color_of)
    left = f"; {len(ops) - MOST} shorter ones are in --json" if len(ops) > MOST else ""
    yield _lines("Ops", f"the longest first{left}", ops[:MOST], color_of)


def _lines(title: str, about: str, lines: Sequence[Line], color_of: dict[str, str]) -> Chart:
    names = [f"{_place(line)}{line.name} on {line.delegate}" for line in lines]
    drawn = [color_of[line.delegate] for line in lines]
    return bars(title, about, names, [1000 * line.seconds for line in lines], drawn, "ms")


def _place(line: Line) -> str:
    if line.op is None:
        return f"{line.detail} " if line.detail else ""
    return f"#{line.subgraph}:{line.op} " if line.subgraph else f"#{line.op} "
