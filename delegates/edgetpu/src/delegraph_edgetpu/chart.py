"""The report as one HTML page: a bar for each op, totals, and what stays on the CPU and why.

The page needs nothing else: no network, no other file.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

from delegraph import bytes_text, escaped, html_text, shape_text

from .estimate import CLOCK_HZ, Estimate, OpEstimate


def page(
    title: str,
    estimates: Sequence[tuple[str, Estimate]],
    refused: Sequence[tuple[str, str, str]] = (),
) -> str:
    """Return a self-contained HTML page.

    :param title: what the page is about, usually the model's file name
    :param estimates: name and estimate of each Edge TPU subgraph, segment or model compiled together
    :param refused: of each op left out: the op, why it stays on the CPU, what would make it pass
    """
    sections = [_section(name, e) for name, e in estimates if e.rows] or [_NOTHING]
    return _PAGE.substitute(  # in one pass: what names bring in is not looked at again
        title=html_text(escaped(title)),
        megahertz=f"{CLOCK_HZ / 1e6:.0f}",
        sections="\n".join(sections),
        refused=_refused(refused) if refused else "",
    )


def _section(name: str, e: Estimate) -> str:
    longest = max(max(row.compute_cycles, row.memory_cycles) for row in e.rows) or 1
    bars = "\n".join(_bar(row, longest, e.cycles) for row in e.rows)
    head = f"<h2>{html_text(escaped(name))}</h2>\n{_totals(e)}\n{_LEGEND}\n{_HEAD}"
    return f"<section>\n{head}\n{bars}\n</table>\n</section>"


def _totals(e: Estimate) -> str:
    figures = (
        ("time of a run", f"{1e3 * e.seconds:.3g} ms"),
        ("cycles", f"{e.cycles:,}"),
        ("multiply-accumulates", f"{e.macs:,}"),
        ("parameters, packed", bytes_text(e.parameter_bytes)),
        ("cached on the chip", bytes_text(e.cached_bytes)),
        ("streamed in every run", bytes_text(e.streamed_bytes)),
        ("cache left", f"{bytes_text(e.cache_remaining)} of {bytes_text(e.cache_bytes)}"),
        ("activations on the chip", f"{bytes_text(e.narrow_memory_bytes)} of 3 MiB"),
        ("ops", str(len(e.rows))),
    )
    items = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in figures)
    return f"<dl>{items}</dl>"


def _bar(row: OpEstimate, longest: int, total: int) -> str:
    memory = "memory streamed" if row.streamed_bytes else "memory"
    cells = (
        f"{row.cycles:,}",
        f"{1e6 * row.seconds:,.1f}",
        f"{row.cycles / total:.1%}" if total else "",
        _parameters(row),
        bytes_text(row.activation_bytes),
    )
    return (
        f'<tr><th scope="row">#{row.op.index} {html_text(row.op.name)}<small>{_shapes(row)}</small></th>'
        f'<td class="bars" title="compute {row.compute_cycles:,}, memory {row.memory_cycles:,} cycles">'
        f'<i class="compute" style="width:{row.compute_cycles / longest:.2%}"></i>'
        f'<i class="{memory}" style="width:{row.memory_cycles / longest:.2%}"></i></td>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
    )


def _parameters(row: OpEstimate) -> str:
    """Return the size of an op's parameters; they are cached, or all of them streamed."""
    if row.streamed_bytes:
        return f"<b>{bytes_text(row.streamed_bytes)} streamed</b>"
    return bytes_text(row.parameter_bytes) if row.parameter_bytes else ""


def _shapes(row: OpEstimate) -> str:
    return ", ".join(shape_text(t.shape) for t in row.op.outputs)


def _refused(refused: Sequence[tuple[str, str, str]]) -> str:
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{html_text(text)}</td>" for text in columns) + "</tr>" for columns in refused
    )
    ops = "1 op" if len(refused) == 1 else f"{len(refused)} ops"
    return f"<section>\n<h2>On the CPU: {ops}</h2>\n{_REFUSED_HEAD}\n{rows}\n</table>\n</section>"


_NOTHING = "<section><h2>No op runs on the Edge TPU</h2></section>"

_LEGEND = """<p class="legend"><i class="compute"></i> compute <i class="memory"></i> memory
<i class="memory streamed"></i> memory, parameters streamed from the host. The longer bar is the op's
time.</p>"""

_HEAD = """<table class="ops">
<tr><th>op, output</th><th class="wide"></th><th>cycles</th><th>µs</th><th>share</th><th>parameters</th>
<th>activations</th></tr>"""

_REFUSED_HEAD = """<table class="refused">
<tr><th>op</th><th>why it stays on the CPU</th><th>what would make it pass</th></tr>"""

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$title: Edge TPU estimate</title>
<style>
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2128; --faint: #59636e; --line: #d5d9df;
  --compute: #1f6fb5; --memory: #e08a1e; --note: #fff4d6; --track: #f1f3f5; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15191e; --ink: #e4e7eb; --faint: #9aa4b1; --line: #333b44;
    --compute: #5aa9ea; --memory: #f0a94a; --note: #3a3115; --track: #1e242b; } }
body { margin: 0 auto; padding: 16px 24px; max-width: 1200px; font: 14px/1.45 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); }
h1 { font-size: 20px; margin: 0 0 8px; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 28px 0 8px; overflow-wrap: anywhere; }
.note { background: var(--note); padding: 8px 12px; border-radius: 6px; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 8px 20px;
  margin: 0 0 12px; }
dt { color: var(--faint); font-size: 12px; }
dd { margin: 0; font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 8px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 500; }
tr > :first-child, .refused th, .refused td { text-align: left; }
.refused td { white-space: normal; vertical-align: top; }
small { display: block; color: var(--faint); }
.wide { width: 45%; min-width: 110px; }
section { overflow-x: auto; }
.bars { background: var(--track); padding: 3px 0; }
.bars i { display: block; height: 8px; min-width: 1px; margin: 1px 0; }
.compute { background: var(--compute); }
.memory { background: var(--memory); }
.streamed { background-image: repeating-linear-gradient(45deg, var(--paper) 0 2px, transparent 2px 6px); }
.legend { color: var(--faint); }
.legend i { display: inline-block; width: 22px; height: 10px; margin-left: 12px; }
</style>
<h1>$title on the Edge TPU</h1>
<p class="note"><b>These are estimates, not measurements.</b> Cycles come from a model fitted to what the
compiler published for a few networks, times assume a clock of $megahertz MHz, the size of the parameter
cache is a guess. Moving inputs and outputs between host and chip is not counted.</p>
$sections
$refused
</html>
""")
