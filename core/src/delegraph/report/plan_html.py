"""Draw a plan as one HTML page: the graph with its ops colored by delegate, and the reasons on hovering.

The page needs nothing else: no network, no other file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from string import Template
from typing import Any

from attrs import frozen

from ..contract import CORE, NOBODY, Plan, Refusal, SubgraphPlan, types_of
from ..model import Graph, Op, Tensor
from ..text import bytes_text, escaped, html_text, plural, shape_text, shortened
from .plan_text import name_text, report

WIDTH, HEIGHT = 148, 26  # of a node, in pixels
STEP_X, STEP_Y = 164, 48  # from node to node
MARGIN = 20


def to_html(plan: Plan) -> str:
    """Return the page."""
    colors = _colors(plan)
    title = html_text(plan.model.source.replace("\\", "/").rsplit("/", 1)[-1])
    sections = "\n".join(_section(plan, s, colors) for s in plan.subgraphs)
    details = {f"{s.graph.index}:{i}": d for s in plan.subgraphs for i, d in _details(plan, s)}
    return _PAGE.substitute(  # in one pass: what names bring in is not looked at again
        title=title,
        styles="\n".join(_styles(colors)),
        legend=" ".join(_legend(plan, colors)),
        sections=sections,
        report=html_text(report(plan, width=140)),
        details=json.dumps(details).replace("<", "\\u003c"),
    )


@frozen
class DrawnNode:
    """An op, an input or an output of a subgraph, and where it is drawn."""

    op: Op | None
    tensor: Tensor | None
    x: float  # of its middle
    y: float  # of its upper edge


def _section(plan: Plan, subgraph: SubgraphPlan, colors: Mapping[str, int]) -> str:
    graph = subgraph.graph
    several = len(plan.subgraphs) > 1
    head = f"<h2>subgraph {graph.index} {html_text(repr(graph.name))}</h2>" if several else ""
    nodes, edges = _layout(graph)
    left = min((n.x for n in nodes), default=0) - WIDTH / 2 - MARGIN
    width = max((n.x for n in nodes), default=0) + WIDTH / 2 + MARGIN - left
    height = max((n.y for n in nodes), default=0) + HEIGHT + MARGIN
    drawn = [_edge(nodes[a], nodes[b]) for a, b in edges]
    color_of = {index: colors[label] for index, label in subgraph.labels.items()}
    drawn += [_node(subgraph, node, color_of) for node in nodes]
    box = f'viewBox="{left:.0f} 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'{head}<svg {box} role="img">{"".join(drawn)}</svg>'


def _layout(graph: Graph) -> tuple[list[DrawnNode], list[tuple[int, int]]]:
    """Place inputs, ops and outputs in rows, each below all that it reads; return nodes and edges."""
    items: list[tuple[Op | None, Tensor | None]] = [(None, t) for t in graph.inputs]
    reads: list[list[int]] = [[] for _ in items]  # by item: the items that it reads
    made_by = {t.index: i for i, t in enumerate(graph.inputs)}
    for op in graph.ops:
        sources = [made_by[t.index] for t in op.inputs if t is not None and t.index in made_by]
        reads.append(list(dict.fromkeys(sources)))
        made_by |= dict.fromkeys((t.index for t in op.outputs), len(items))
        items.append((op, None))
    for t in graph.outputs:
        reads.append([made_by[t.index]] if t.index in made_by else [])
        items.append((None, t))
    x, row = _positions(reads)
    nodes = [DrawnNode(op, t, x[i], MARGIN + row[i] * STEP_Y) for i, (op, t) in enumerate(items)]
    return nodes, [(source, i) for i, sources in enumerate(reads) for source in sources]


def _positions(reads: Sequence[Sequence[int]]) -> tuple[list[float], list[int]]:
    """Return the horizontal place of each item, near what it reads, and its row."""
    row: list[int] = []
    for sources in reads:
        row.append(max((row[s] + 1 for s in sources), default=0))
    rows: list[list[int]] = [[] for _ in range(max(row, default=-1) + 1)]
    for i, r in enumerate(row):
        rows[r].append(i)
    x = [0.0] * len(reads)
    for items in rows:
        wish = {i: sum(x[s] for s in reads[i]) / len(reads[i]) if reads[i] else 0.0 for i in items}
        right = float("-inf")
        for i in sorted(items, key=lambda i: wish[i]):
            x[i] = right = max(wish[i], right + STEP_X)
        shift = sum(x[i] - wish[i] for i in items) / len(items)  # nodes pushed right: center the row again
        for i in items:
            x[i] -= shift
    return x, row


def _edge(a: DrawnNode, b: DrawnNode) -> str:
    """Draw a line from a to b below it; one that skips rows swings out, not to hide behind their nodes."""
    top, bottom = a.y + HEIGHT, b.y
    bend = min((bottom - top) / 2, STEP_Y)
    skips = bottom - a.y > STEP_Y and abs(a.x - b.x) < WIDTH
    swing = WIDTH * 0.85 if skips else 0  # a cubic curve reaches three quarters of it
    if skips:
        bend = (bottom - top) / 4
    return (
        f'<path d="M{a.x:.0f} {top:.0f}C{a.x + swing:.0f} {top + bend:.0f} '
        f'{b.x + swing:.0f} {bottom - bend:.0f} {b.x:.0f} {bottom:.0f}"/>'
    )


def _node(subgraph: SubgraphPlan, node: DrawnNode, color_of: Mapping[int, int]) -> str:
    left, middle = node.x - WIDTH / 2, node.y + HEIGHT / 2 + 4
    if node.op is None:
        assert node.tensor is not None
        kind, text, key = "edge", name_text(node.tensor), ""
        title = f"{name_text(node.tensor)}: {node.tensor.dtype} {shape_text(node.tensor.shape)}"
    else:
        refused = " refused" if node.op.index in subgraph.refusals else ""
        kind = f"op c{color_of[node.op.index]}{refused}"
        text, title = f"#{node.op.index} {node.op.name}", shortened(str(node.op))
        key = f' data-op="{subgraph.graph.index}:{node.op.index}" tabindex="0"'
    return (
        f'<g class="{kind}"{key}><title>{html_text(title)}</title>'
        f'<rect x="{left:.0f}" y="{node.y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>'
        f'<text x="{node.x:.0f}" y="{middle:.0f}">{html_text(_short(text))}</text></g>'
    )


def _short(name: str, letters: int = 21) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def _details(plan: Plan, subgraph: SubgraphPlan) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield what the panel shows of each op."""
    for number, p in enumerate(subgraph.partitions):
        for op in p.ops:
            refusals = subgraph.refusals.get(op.index, {})
            yield (
                op.index,
                {
                    "title": shortened(str(op)),
                    "runs": f"{p.label}, partition {number} of {len(subgraph.partitions)}",
                    "types": types_of(op),
                    "inputs": ["absent" if t is None else _tensor(t) for t in op.inputs],
                    "outputs": [_tensor(t) for t in op.outputs],
                    "refusals": {label: _reasons(why) for label, why in refusals.items()},
                },
            )


def _reasons(why: Sequence[Refusal]) -> list[str]:
    """Return refusals as text; one may quote a name, which every op of that name would repeat."""
    return [escaped(shortened(str(refusal), 500)) for refusal in why]


def _tensor(t: Tensor) -> str:
    size = "" if t.nbytes is None else f", {bytes_text(t.nbytes)}"
    constant = ", constant" if t.is_constant else ""
    return f"{t.index} {name_text(t)}: {t.dtype} {shape_text(t.shape)}{size}{constant}"


def _colors(plan: Plan) -> dict[str, int]:
    """Return the place in the palette of each label."""
    labels = [*(d.label for d in plan.delegates), CORE, NOBODY]
    own = len(_PALETTE) - 2  # the last two are those of core and nobody
    return {
        label: {CORE: own, NOBODY: own + 1}.get(label, i % own)
        for i, label in enumerate(dict.fromkeys(labels))
    }


def _styles(colors: Mapping[str, int]) -> Iterator[str]:
    for place in sorted(set(colors.values())):
        yield f".c{place} rect, .key.c{place} {{ fill: {_PALETTE[place]}; background: {_PALETTE[place]}; }}"


def _legend(plan: Plan, colors: Mapping[str, int]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for subgraph in plan.subgraphs:
        counts.update(subgraph.labels.values())
    for label, place in colors.items():
        if counts[label]:
            yield f'<span class="key c{place}">{html_text(label)}: {plural(counts[label], "op")}</span>'


_PALETTE = ("#8ecae6", "#b7e4a7", "#ffd27a", "#cdb4f6", "#f7b2c4", "#9fe3d6", "#c9ced6", "#ff6b6b")

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>$title: which delegate runs what</title>
<style>
body { margin: 0; font: 13px/1.45 system-ui, sans-serif; color: #1c2128; background: #fff; }
header { padding: 10px 16px; border-bottom: 1px solid #d5d9df; }
h1 { display: inline; font-size: 16px; margin-right: 14px; }
h2 { font-size: 14px; margin: 14px 16px 0; }
main { display: flex; height: calc(100vh - 48px); }
#graph { flex: 1; overflow: auto; text-align: center; }
#panel { width: 400px; overflow: auto; padding: 10px 16px; border-left: 1px solid #d5d9df; }
#panel ul { margin: 2px 0 10px; padding-left: 18px; overflow-wrap: anywhere; }
#panel b { display: block; }
#panel h2 { margin: 0 0 8px; }
.key { padding: 2px 8px; border-radius: 4px; margin-right: 4px; }
svg text { font-size: 11px; text-anchor: middle; pointer-events: none; }
svg rect { stroke: #5b6572; stroke-width: 1; }
svg path { fill: none; stroke: #9aa4b1; stroke-width: 1.2; }
.edge rect { fill: #fff; stroke-dasharray: 2 2; }
.refused rect { stroke-width: 2.2; stroke-dasharray: 5 3; }
.op { cursor: pointer; outline: none; }
.op:hover rect, .op:focus rect, .op.pinned rect { stroke: #000; stroke-width: 2.5; }
pre { font-size: 12px; overflow: auto; }
$styles
</style>
<header><h1>$title</h1> $legend</header>
<main>
<div id="graph">$sections</div>
<div id="panel"><p>Point at an op to see where it runs and why; click to keep it. A dashed border means that
some delegate did not take the op.</p></div>
</main>
<details open><summary>Report</summary><pre>$report</pre></details>
<script type="application/json" id="details">$details</script>
<script>
const details = JSON.parse(document.getElementById("details").textContent);
const panel = document.getElementById("panel");
let pinned = null;
function add(tag, text, to = panel) {
  const element = to.appendChild(document.createElement(tag));
  element.textContent = text;
  return element;
}
function list(head, lines) {
  if (!lines.length) return;
  add("b", head);
  const ul = add("ul", "");
  for (const line of lines) add("li", line, ul);
}
function show(node) {
  const op = details[node.dataset.op];
  panel.textContent = "";
  add("h2", op.title);
  list("Runs on", [op.runs]);
  for (const [label, reasons] of Object.entries(op.refusals)) list(label + " does not take it", reasons);
  list("Types", [op.types]);
  list("Inputs", op.inputs);
  list("Outputs", op.outputs);
}
function pin(node) {
  if (pinned) pinned.classList.remove("pinned");
  pinned = pinned === node ? null : node;
  if (pinned) pinned.classList.add("pinned");
  show(node);
}
for (const node of document.querySelectorAll(".op")) {
  node.addEventListener("mouseenter", () => pinned || show(node));
  node.addEventListener("focus", () => pinned || show(node));
  node.addEventListener("click", () => pin(node));
}
</script>
</html>
""")
