"""Say what a plan decided, and why: in a terminal, as text, or as JSON.

In a terminal: ``print(plan)``; as text: ``report(plan)``; for programs: ``to_json(plan)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from attrs import asdict

from ..contract import CORE, NOBODY, Partition, Plan, Refusal, SubgraphPlan, types_of
from ..model import HANDLES, Op, Tensor
from ..text import bytes_text, escaped, plural, shortened, time_text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def report(plan: Plan, width: int | None = None) -> str:
    """Return the report as plain text, as wide as the terminal if no width is given."""
    from .terminal import report_text

    return report_text(render(plan), width)


def html(plan: Plan) -> str:
    """Return the report as a piece of a page, for a notebook."""
    from . import terminal

    return terminal.html(render(plan))


def render(plan: Plan) -> RenderableType:
    """Return the report for a rich console."""
    from rich.console import Group
    from rich.text import Text

    several = len(plan.subgraphs) > 1
    parts: list[RenderableType] = []
    for d in plan.delegates:
        if d.out_of_use is not None:
            parts += [Text(f"{d.label} cannot work here and takes no op: {d.out_of_use}", "bold"), Text()]
    for subgraph in plan.reached:
        if several:
            parts += [Text(f"subgraph {subgraph.graph.index} {subgraph.graph.name!r}", "bold"), Text()]
        parts += [*_render_subgraph(plan, subgraph), Text()]
    reached = {s.graph.index for s in plan.reached}
    for subgraph in plan.subgraphs:
        if subgraph.graph.index not in reached:
            index, name = subgraph.graph.index, subgraph.graph.name
            parts += [Text(f"subgraph {index} {name!r} is never run: what calls it runs elsewhere"), Text()]
    parts.append(_render_totals(plan))
    return Group(*parts)


def to_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as values that ``json.dumps`` takes."""
    return {
        "model": plan.model.source,
        "delegates": [
            {"label": d.label, "name": d.name, "unavailable": d.out_of_use} for d in plan.delegates
        ],
        "complete": not plan.unsupported,
        "subgraphs": [_subgraph_json(s) for s in plan.subgraphs],
    }


def name_text(tensor: Tensor, letters: int = 60) -> str:
    """Write a tensor's name; long ones, of many ops fused into one, lose their middle."""
    return escaped(shortened(tensor.name, letters))


def partition_table(subgraph: SubgraphPlan) -> Table:
    """Return the partitions of a subgraph with their numbers."""
    from .terminal import PlainTable

    table = PlainTable()
    for head in ("#", "runs on", "ops", "bytes in", "bytes out"):
        table.add_column(head, justify="left" if head == "runs on" else "right", no_wrap=True)
    table.add_column("what", overflow="fold")
    for i, p in enumerate(subgraph.partitions):
        style = {CORE: "cyan", NOBODY: "bold red"}.get(p.label, "")
        label = f"{p.label}, deferred" if p.deferred else p.label
        sizes = (str(len(p.ops)), _sizes(p.inputs), _sizes(p.outputs))
        table.add_row(str(i), label, *sizes, counted(op.name for op in p.ops), style=style)
    return table


def _render_subgraph(plan: Plan, subgraph: SubgraphPlan) -> Iterator[RenderableType]:
    from rich.text import Text

    yield partition_table(subgraph)
    if any(p.deferred for p in subgraph.partitions):
        yield Text("deferred: prepared while running, when the shapes are known", "dim")
    for delegate in (d for d in plan.delegates if d.out_of_use is None):
        refused = [op for op in subgraph.graph.ops if delegate.label in subgraph.refusals.get(op.index, {})]
        if refused:
            taken = sum(len(p.ops) for p in subgraph.partitions if p.label == delegate.label)
            asked = (
                f"{delegate.label} was asked for {_ops(taken + len(refused))} and takes {taken or 'none'}"
            )
            yield Text.assemble("\n", (asked, "bold"), ". The others need:")
            yield _refusal_table(subgraph, refused, delegate.label)
    if subgraph.estimates:
        yield Text(f"\n{_estimates(subgraph)}")
    if subgraph.folded:
        names = counted(op.name for op in subgraph.folded)
        yield Text(f"\n{_ops(len(subgraph.folded))} of constants, computed beforehand: {names}")
    if subgraph.graph.merged:
        names = counted(op.name for op in subgraph.graph.merged)
        yield Text(f"\n{_ops(len(subgraph.graph.merged))} that rewritten ops do without: {names}")


def _estimates(subgraph: SubgraphPlan) -> str:
    """Say what a run is estimated to take, and what it would take otherwise."""
    (chosen, least), *others = sorted(subgraph.estimates.items(), key=lambda item: item[0] != "cost")
    named = {"greedy": "greedy"}
    rest = [f"{named.get(name, f'{name} before all others')} {time_text(s)}" for name, s in others]
    return f"estimated time of a run: {time_text(least)} ({chosen}); {', '.join(rest)}"


def _refusal_table(subgraph: SubgraphPlan, ops: Iterable[Op], label: str) -> Table:
    """Group the refusals of one delegate by rule, the rule that most ops break first."""
    from .terminal import PlainTable

    table = PlainTable()
    table.add_column("ops", justify="right", no_wrap=True)
    for head in ("needs", "found", "which"):
        table.add_column(head, overflow="fold")
    for rule, broken in by_rule((op, subgraph.refusals[op.index][label]) for op in ops):
        table.add_row(str(len(broken)), rule, found_text(broken), named_ops(op for op, _ in broken))
    return table


def by_rule(refused: Iterable[tuple[Op, Iterable[Refusal]]]) -> list[tuple[str, list[tuple[Op, Refusal]]]]:
    """Group refusals by rule, the rule that most ops break first."""
    found: dict[str, list[tuple[Op, Refusal]]] = {}
    for op, refusals in refused:
        for refusal in refusals:
            found.setdefault(refusal.rule, []).append((op, refusal))
    return sorted(found.items(), key=lambda item: -len(item[1]))


def found_text(broken: Iterable[tuple[Op, Refusal]]) -> str:
    """Say what was found instead of what one rule needs, the most frequent first."""
    return counted((f"{r.found} ({r.hint})" if r.hint else r.found for _, r in broken), shown=6)


def _render_totals(plan: Plan) -> RenderableType:
    from rich.text import Text

    partitions = [p for s in plan.reached for p in s.partitions]
    by_label: Counter[str] = Counter()
    for p in partitions:
        by_label[p.label] += len(p.ops)
    who = ", ".join(f"{n} on {label}" for label, n in by_label.most_common())
    hand_overs = sum(max(len(s.partitions) - 1, 0) for s in plan.reached)
    folded = sum(len(s.folded) for s in plan.reached)
    facts = [f"{_ops(by_label.total())}: {who}" if who else "no ops", plural(len(partitions), "partition")]
    facts.append(f"{plural(hand_overs, 'hand-over')} per inference")
    if folded:
        facts.append(f"{folded} more ops computed beforehand")
    text = Text(" · ".join(facts))
    if plan.unsupported:
        text.append(f"\nNo delegate takes {_ops(len(plan.unsupported))}: this plan cannot run.", "bold red")
    return text


def _sizes(tensors: Iterable[Tensor]) -> str:
    """Bytes of all tensors together, with a plus where the size of some is not known."""
    sizes = [t.nbytes for t in tensors if t.dtype not in HANDLES]
    known = [n for n in sizes if n is not None]
    if len(known) == len(sizes):
        return bytes_text(sum(known))
    return f"{bytes_text(sum(known))} +?" if known else "?"


def counted(names: Iterable[str], shown: int | None = None) -> str:
    """List what there is and how often, the most frequent first: ``CONV_2D ×36, ADD``."""
    counts = Counter(names)
    listed = [f"{name} ×{n}" if n > 1 else name for name, n in counts.most_common(shown)]
    more = len(counts) - len(listed)
    return ", ".join(listed) + (f" and {more} more" if more else "")


def named_ops(ops: Iterable[Op], shown: int = 4) -> str:
    """Name ops with their indices: ``CONV_2D #0 #3 #7, ADD #9``."""
    indices: dict[str, list[int]] = {}
    for op in ops:
        indices.setdefault(op.name, []).append(op.index)
    return ", ".join(
        " ".join([name, *(f"#{i}" for i in found[:shown])])
        + (f" and {len(found) - shown} more" if len(found) > shown else "")
        for name, found in indices.items()
    )


def _ops(n: int) -> str:
    return plural(n, "op")


def _subgraph_json(subgraph: SubgraphPlan) -> dict[str, Any]:
    by_index = {op.index: op for op in subgraph.graph.ops}
    return {
        "index": subgraph.graph.index,
        "name": subgraph.graph.name,
        "partitions": [_partition_json(p) for p in subgraph.partitions],
        "refusals": [
            {
                **op_json(by_index[index]),
                "delegate": label,
                "reasons": [asdict(r) for r in reasons],
            }
            for index, by_label in subgraph.refusals.items()
            for label, reasons in by_label.items()
        ],
        "folded": [op_json(op) for op in subgraph.folded],
        "merged": [op_json(op) for op in subgraph.graph.merged],
    }


def _partition_json(p: Partition) -> dict[str, Any]:
    return {
        "delegate": p.label,
        "ops": [op_json(op) for op in p.ops],
        "inputs": [tensor_json(t) for t in p.inputs],
        "outputs": [tensor_json(t) for t in p.outputs],
        "variables": [t.index for t in p.variables],
        "deferred": p.deferred,
    }


def op_json(op: Op) -> dict[str, Any]:
    """Return an op as values that ``json.dumps`` takes."""
    return {"index": op.index, "name": op.name, "version": op.version, "types": types_of(op)}


def tensor_json(t: Tensor) -> dict[str, Any]:
    """Return a tensor as values that ``json.dumps`` takes."""
    shape = None if t.shape is None else list(t.shape)
    return {"index": t.index, "name": t.name, "dtype": t.dtype, "shape": shape, "nbytes": t.nbytes}
