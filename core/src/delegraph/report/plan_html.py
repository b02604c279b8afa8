"""A plan as a page: what runs where and why not elsewhere; the graph, to look around in and to search.

Scripts of libraries draw the graph (cytoscape.js, as dash-cytoscape brings it) and place it (igraph).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..contract import CORE, NOBODY, Plan, Refusal, SubgraphPlan, types_of
from ..model import Graph, Op, Tensor
from ..text import bytes_text, escaped, html_text, plural, shape_text, shortened
from .colors import colors
from .layered_layout import layered
from .plan_text import by_rule, found_text, name_text, named_ops, report
from .web_page import header, of_package, page

_STUB = {"kind": "tensor stub", "who": None, "refused": False}
_LETTERS = 22  # of a box
_REASON = 500  # letters of a refusal: one may quote a name


def to_html(plan: Plan, advice: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return the page.

    :param advice: what delegates advise, by label; None: nobody was asked.
    :raises InputError: a library is missing: ``delegraph[html]`` brings it.
    """
    name = shortened(escaped(plan.model.source.replace("\\", "/").rsplit("/", 1)[-1]), 200)
    content = _Content(plan)
    body = "\n".join(
        (
            header(name),
            "<section>",
            *content.summary(),
            *content.refusals(),
            *_advice(advice),
            "</section>",
            _GRAPH.replace("$subgraphs", "".join(content.subgraph_options())),
            f"<section><details><summary>Report as text</summary><pre>{html_text(report(plan, width=140))}"
            "</pre></details></section>",
        )
    )
    title = f"{name}: which delegate runs what"
    return page(title, body, ["plan.css"], libraries(), "plan.js", content.data())


def libraries() -> list[str]:
    """Return the scripts that draw graphs, in the order in which they are to run."""
    of_dash = [of_package("dash", f"deps/{name}@*.min.js") for name in ("react", "react-dom", "prop-types")]
    return [*of_dash, of_package("dash_cytoscape", "dash_cytoscape.min.js")]


class _Content:
    """What the page says of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.colors = colors([*(d.label for d in plan.delegates), CORE, NOBODY])
        self.places = {label: i for i, label in enumerate(self.colors)}
        self.reasons: dict[str, int] = {}  # refusals as text, and their numbers
        self.marks: list[list[str]] = []  # boxes that a button makes stand out
        self.boxes = {s.graph.index: _boxes(s.graph) for s in plan.subgraphs}
        self.box_of = {
            (graph, op.index): f"{graph}:{i}"
            for graph, items in self.boxes.items()
            for i, (op, _) in enumerate(items)
            if op is not None
        }

    def data(self) -> dict[str, Any]:
        """Return what the script draws."""
        graphs = [self.graph(s) for s in self.plan.subgraphs]
        return {
            "graphs": graphs,
            "who": [{"label": label, "color": color} for label, color in self.colors.items()],
            "reasons": list(self.reasons),
            "marks": self.marks,
            "ops": sum(len(s.graph.ops) for s in self.plan.subgraphs),
        }

    def summary(self) -> Iterator[str]:
        reached = self.plan.reached
        counts: Counter[str] = Counter(label for s in reached for label in s.labels.values())
        facts = (
            (counts.total(), "op"),
            (sum(len(s.partitions) for s in reached), "partition"),
            (sum(max(len(s.partitions) - 1, 0) for s in reached), "hand-over"),
            (sum(len(s.folded) for s in reached), "folded op"),
        )
        listed = (f"<li><b>{n}</b>{plural(n, what).partition(' ')[2]}</li>" for n, what in facts if n)
        yield f'<ul class="facts">{"".join(listed)}</ul>'
        yield f'<div class="share" aria-hidden="true">{"".join(self.shares(counts))}</div>'
        yield f'<div class="chips">{"".join(self.chips(counts))}</div>'
        for d in self.plan.delegates:
            if d.out_of_use is not None:
                yield f'<p class="bad">{html_text(f"{d.label} cannot work here: {d.out_of_use}")}</p>'
        if self.plan.unsupported:
            n = plural(len(self.plan.unsupported), "op")
            yield f'<p class="bad">No delegate takes {n}: this plan cannot run.</p>'

    def shares(self, counts: Counter[str]) -> Iterator[str]:
        for label, n in counts.most_common():
            yield f'<span style="flex:{n};background:{self.colors[label]}"></span>'

    def chips(self, counts: Counter[str]) -> Iterator[str]:
        for label, n in counts.most_common():
            ids = [self.box_of[s.graph.index, i] for s in self.plan.reached for i in _run_by(s, label)]
            share = f"{100 * n / counts.total():.0f} %"
            key = f'<span class="key" style="background:{self.colors[label]}"></span>'
            text = html_text(f"{label}: {plural(n, 'op')}, {share}")
            yield self.button(ids, key + text)

    def button(self, ids: list[str], text: str, also: str = "") -> str:
        """Return a button that makes boxes stand out, others faint."""
        self.marks.append(ids)
        number = len(self.marks) - 1
        return f'<button type="button" data-marks="{number}" aria-pressed="false"{also}>{text}</button>'

    def refusals(self) -> Iterator[str]:
        for delegate in self.plan.delegates:
            label = delegate.label
            refused = {
                (s.graph.index, op.index): (op, s.refusals[op.index][label])
                for s in self.plan.reached
                for op in s.graph.ops
                if label in s.refusals.get(op.index, {})
            }
            if refused and delegate.out_of_use is None:
                place = {id(op): self.box_of[key] for key, (op, _) in refused.items()}
                count = plural(len(refused), "op")
                all_ops = len(refused) == sum(len(s.labels) for s in self.plan.reached)
                head = f"{label} takes none of the {count}" if all_ops else f"{label} does not take {count}"
                rows = [
                    self.rule_row(rule, broken, [place[id(op)] for op, _ in broken])
                    for rule, broken in by_rule(refused.values())
                ]
                yield f"<h3>{html_text(head)}</h3>{_table(rows)}"

    def rule_row(self, rule: str, broken: Sequence[Any], ids: list[str]) -> str:
        count = self.button(ids, plural(len(broken), "op"), ' data-scroll="1"')
        cells = (
            ("needs", rule),
            ("found", found_text(broken)),
            ("which", named_ops(op for op, _ in broken)),
        )
        texts = (f'<td data-head="{n}">{html_text(escaped(shortened(t, 2000)))}</td>' for n, t in cells)
        return f"<tr><td>{count}</td>{''.join(texts)}</tr>"

    def subgraph_options(self) -> Iterator[str]:
        for i, s in enumerate(self.plan.subgraphs):
            yield f'<option value="{i}">{html_text(_title(s.graph))}</option>'

    def graph(self, subgraph: SubgraphPlan) -> dict[str, Any]:
        graph, items = subgraph.graph, self.boxes[subgraph.graph.index]
        edges = list(_edges(graph, items))
        layout = layered(len(items), [(a, b) for a, b, _ in edges])
        partitions = {op.index: (n, p) for n, p in enumerate(subgraph.partitions) for op in p.ops}
        nodes = [
            {
                **(self.tensor_box(tensor, role) if op is None else self.op_box(subgraph, op, partitions)),
                "layer": layout.layers[i],
                "x": layout.x[i],
            }
            for i, (op, (tensor, role)) in enumerate(items)
        ]
        stubs = {edge: len(nodes) + i for i, edge in enumerate(layout.stubs)}
        tensors = {t.index: t for t in _operands(graph)}
        for edge, (layer, x) in layout.stubs.items():
            source, _, index = edges[edge]
            label = _short(f"↱ {name_text(tensors[index])}")
            nodes.append({**_STUB, "label": label, "of": source, "layer": layer, "x": x})
        return {
            "name": _title(graph),
            "rows": max(layout.layers, default=0) + 1,
            "boxes": len(items),
            "nodes": nodes,
            "edges": [
                {"from": stubs.get(i, a), "of": a, "to": b, "tensor": t, "bends": layout.bends[i]}
                for i, (a, b, t) in enumerate(edges)
            ],
            "tensors": {index: _tensor(t) for index, t in tensors.items()},
        }

    def op_box(self, subgraph: SubgraphPlan, op: Op, partitions: Mapping[int, Any]) -> dict[str, Any]:
        refusals = subgraph.refusals.get(op.index, {})
        number, partition = partitions[op.index]
        return {
            "kind": "op",
            "label": _short(f"{escaped(op.name)} #{op.index}"),
            "who": self.places[partition.label],
            "refused": bool(refusals),
            "op": {
                "title": escaped(shortened(str(op))),
                "runs": escaped(f"{partition.label}, partition {number} of {len(subgraph.partitions)}"),
                "types": shortened(types_of(op), 300),
                "inputs": [None if t is None else t.index for t in op.inputs],
                "outputs": [t.index for t in op.outputs],
                "refusals": [[label, self.numbers(why)] for label, why in refusals.items()],
            },
        }

    def tensor_box(self, tensor: Tensor, role: str) -> dict[str, Any]:
        return {
            "kind": "tensor",
            "label": _short(name_text(tensor) or role),
            "role": role,
            "text": _tensor(tensor),
            "who": None,
            "refused": False,
        }

    def numbers(self, why: Sequence[Refusal]) -> list[int]:
        """Return the numbers of refusals in the list of all of them."""
        texts = (escaped(shortened(str(refusal), _REASON)) for refusal in why)
        return [self.reasons.setdefault(text, len(self.reasons)) for text in texts]


def _boxes(graph: Graph) -> list[Any]:
    """Return what is drawn of a graph: inputs, ops and outputs, as (op, None) or (None, (tensor, role))."""
    ops = [(op, (None, "")) for op in graph.ops]
    return [
        *((None, (t, "input")) for t in graph.inputs),
        *ops,
        *((None, (t, "output")) for t in graph.outputs),
    ]


def _edges(graph: Graph, items: Sequence[Any]) -> Iterator[tuple[int, int, int]]:
    """Yield pairs of boxes, and the tensor that goes from one to the other."""
    made_by: dict[int, int] = {}
    for i, (op, (tensor, role)) in enumerate(items):
        reads = op.inputs if op is not None else [tensor] if role == "output" else []
        for index in dict.fromkeys(t.index for t in reads if t is not None):
            if index in made_by:
                yield made_by[index], i, index
        writes = op.outputs if op is not None else [tensor] if role == "input" else []
        made_by |= dict.fromkeys((t.index for t in writes), i)


def _operands(graph: Graph) -> Iterator[Tensor]:
    for t in (*graph.inputs, *(t for op in graph.ops for t in (*op.inputs, *op.outputs)), *graph.outputs):
        if t is not None:
            yield t


def _run_by(subgraph: SubgraphPlan, label: str) -> list[int]:
    return [index for index, runs_on in subgraph.labels.items() if runs_on == label]


def _title(graph: Graph) -> str:
    name = f" {escaped(shortened(graph.name))}" if graph.name else ""
    return f"subgraph {graph.index}{name}" if graph.index else f"main{name and f' ({name.strip()})'}"


def _table(rows: Sequence[str]) -> str:
    heads = "".join(f"<th>{head}</th>" for head in ("ops", "needs", "found", "which"))
    return f'<table class="stack"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _advice(advice: Mapping[str, Sequence[str]] | None) -> Iterator[str]:
    for label, lines in (advice or {}).items():
        if lines:
            listed = "".join(f"<li>{html_text(line)}</li>" for line in lines)
            yield f"<h3>{html_text(f'Advice for {label}')}</h3><ul>{listed}</ul>"
    if advice is None:
        yield '<p class="soft">With --advise, delegates say here what would make the model faster.</p>'


def _short(text: str) -> str:
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 8]}…{text[-7:]}"


def _tensor(t: Tensor) -> str:
    size = "" if t.nbytes is None else f", {bytes_text(t.nbytes)}"
    constant = ", constant" if t.is_constant else ""
    return f"{t.index} {name_text(t)}: {t.dtype} {shape_text(t.shape)}{size}{constant}"


_GRAPH = """
<div id="graph-section">
<div id="left">
<div class="tools">
<input id="search" type="search" placeholder="op, tensor or reason ( / )"
 aria-label="Search ops, tensors and reasons">
<select id="subgraph" aria-label="Subgraph">$subgraphs</select>
<button type="button" id="fit" title="Fit (0)">Fit</button>
<button type="button" id="out" title="Smaller (-)" aria-label="Smaller">−</button>
<button type="button" id="in" title="Larger (+)" aria-label="Larger">+</button>
<span id="status" class="soft" role="status"></span>
</div>
<div id="found-place"><ul id="found"></ul></div>
<div id="graph"><div tabindex="0" role="application"></div></div>
</div>
<aside id="panel" aria-live="polite" data-help="Point at a box or an edge; click or tap an op for its
details. With the keyboard: arrows go from op to op, + and - zoom, 0 fits, / searches, Enter goes to the
next that was found. A dashed border: some delegate did not take the op."></aside>
</div>
<div id="tip" hidden></div>
"""
