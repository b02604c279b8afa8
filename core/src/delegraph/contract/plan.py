"""What a partitioning decided, as values: partitions, plans, and every fallback with its reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UnsupportedOps
from ..model import Graph, Model, Op, Tensor, called_by_ops, callers_first, fingerprint, part_of_model
from ..text import escaped, few, plural, shortened
from ..values import evolve, field, frozen
from .asking import decided
from .support_row import OpSupport, Refusal

if TYPE_CHECKING:
    from .delegate import Delegate

CORE = "core"  # the label of ops that the interpreter itself runs: control flow, variables, resources
NOBODY = "(nobody)"  # the label of ops that no delegate takes


@frozen(hash=False)
class Partition:
    """Ops that one delegate runs together, and the tensors that cross its edge."""

    delegate: Delegate | None = field(eq=False)  # None: core, or nobody
    label: str  # the delegate's label, CORE or NOBODY
    ops: tuple[Op, ...] = field(repr=False)
    inputs: tuple[Tensor, ...] = field(repr=False)  # computed outside, read inside; no constants
    outputs: tuple[Tensor, ...] = field(repr=False)  # computed inside, read outside
    # The inputs that are state. run returns their next values after the outputs.
    variables: tuple[Tensor, ...] = field(default=(), repr=False)
    graph: Graph | None = field(default=None, repr=False, eq=False)
    subgraph: int = 0
    deferred: bool = False  # some shape is known only while running: prepared op by op then
    # By op index: the row of the delegate's table that accepted it; {} for core and nobody. Where
    # ``deferred``, one of its version and types: the row is chosen when the shapes are known.
    rows: Mapping[int, OpSupport] = field(factory=dict, repr=False)
    model: Model | None = field(default=None, repr=False, eq=False)  # that ``graph`` is of

    def __repr__(self) -> str:
        sides = f"{plural(len(self.inputs), 'input')}, {plural(len(self.outputs), 'output')}"
        return f"<Partition on {self.label}: {plural(len(self.ops), 'op')}, {sides}>"

    def as_model(self) -> Model:
        """Return the partition as a model of its own; :func:`delegraph.write_model` makes a file of it.

        Its first subgraph has the ops, with weights, quantization and the shapes of the plan (where only a
        run shows one, the tensor's rank is left open); subgraphs that they call follow. Tensor ``i`` is
        ``inputs[i]``. The model's inputs are those of them that are no variables, its outputs are the
        ``outputs`` and then the ``variables``: what ``run`` returns.

        Each tensor has a name that no other of its subgraph has: its own, unless that is empty or taken.

        State stays state, as LiteRT's kernels want it: variables are variable tensors, no inputs. Before a
        run an engine writes what it is given for ``inputs[i]`` into tensor ``i``, an input or a variable;
        after it, it reads the outputs. So a run needs nothing that the one before left behind.

        :raises InputError: an op calls a subgraph, and the partition was made by hand, without ``model``
        """
        graph = self.graph or Graph("", (), self.ops, self.inputs, self.outputs)
        whole = self.model or Model((graph,))
        return part_of_model(whole, self.ops, self.inputs, (*self.outputs, *self.variables), graph.name)

    def fingerprint(self) -> str:
        """Return a name for what an engine compiles of the partition: 64 hexadecimal digits.

        It is the same in every process, and another whenever something differs that decides what is
        computed: ops, options, shapes, types, quantization, state, weights. Names of tensors and where the
        model has the ops do not matter. A cache adds what it depends on besides: device, driver, the
        delegate's options, the version of its package.
        """
        return fingerprint(self.as_model())

    def on(self, delegate: Delegate) -> Partition:
        """Return the partition for a delegate, with the rows by which that one takes the ops.

        :raises UnsupportedOps: it does not take one of them.
        """
        rows = {}
        for op in self.ops:
            row, refusals = decided(delegate, op, self.graph)
            if row is None:
                refused = Fallback(op, self.graph, delegate.label, tuple(refusals), NOBODY)
                raise UnsupportedOps(str(refused), [refused])
            rows[op.index] = row
        return evolve(self, delegate=delegate, label=delegate.label, rows=rows)

    def of_op(self, op: Op) -> Partition:
        """Return one op of the partition as a partition of its own."""
        read = {t.index: t for t in op.inputs if t is not None and not t.is_constant}
        return evolve(
            self,
            ops=(op,),
            inputs=tuple(read.values()),
            outputs=op.outputs,
            variables=op.variables,
            rows={i: self.rows[i] for i in (op.index,) if i in self.rows},
        )


@frozen(hash=False)
class SubgraphPlan:
    """What was decided for one subgraph."""

    graph: Graph  # with shapes propagated and constants folded
    partitions: tuple[Partition, ...]  # in order of execution
    # By op index, then by the label of each delegate that was asked and refused.
    refusals: Mapping[int, Mapping[str, tuple[Refusal, ...]]] = field(repr=False)
    folded: tuple[Op, ...] = field(default=(), repr=False)  # ops of constants, computed beforehand
    # Seconds that a run is estimated to take, by what the policy chose from: its own name, "greedy", the
    # label of a delegate that comes before all others. {}: the policy estimates nothing.
    estimates: Mapping[str, float] = field(factory=dict, repr=False)

    @property
    def labels(self) -> dict[int, str]:
        """Who runs each op, by op index; folded ops are not listed."""
        return {op.index: p.label for p in self.partitions for op in p.ops}

    def __repr__(self) -> str:
        return f"<SubgraphPlan of {shortened(escaped(self.graph.name), 40)!r}: {_counts(self.partitions)}>"


@frozen(hash=False)
class Fallback:
    """An op that a delegate was asked for and did not take, and who runs it instead."""

    op: Op
    graph: Graph | None = field(repr=False)  # the subgraph it is in, where that is known
    delegate: str  # the label of the delegate that refused
    refusals: tuple[Refusal, ...]
    runs_on: str  # label; NOBODY if no delegate takes the op

    def __str__(self) -> str:
        graph = self.graph
        where = f" of subgraph {graph.index} {graph.name!r}" if graph is not None and graph.index else ""
        reasons = "; ".join(map(str, self.refusals))
        return f"{self.op}{where} cannot be handled by {self.delegate}: {reasons}"

    def __repr__(self) -> str:
        why = shortened("; ".join(map(str, self.refusals)), 100)
        op = shortened(escaped(str(self.op)))
        return f"<Fallback of {op} from {self.delegate} to {self.runs_on}: {escaped(why)}>"


@frozen(hash=False)
class Plan:
    """What was decided for a model: one plan for each of its subgraphs."""

    model: Model = field(repr=False)
    delegates: tuple[Delegate, ...]  # in order of preference
    subgraphs: tuple[SubgraphPlan, ...]

    def __str__(self) -> str:
        from ..report.plan_text import report

        return report(self)

    def __repr__(self) -> str:
        partitions = [p for s in self.reached for p in s.partitions]
        return f"<Plan of {shortened(escaped(self.model.source), 80)!r}: {_counts(partitions)}>"

    def _repr_html_(self) -> str:
        from ..report.plan_text import html

        return html(self)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as values that ``json.dumps`` takes: what ``partition --json`` prints."""
        from ..report.plan_text import to_json

        return to_json(self)

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """The partitions of the main subgraph."""
        return self.subgraphs[0].partitions

    @property
    def reached(self) -> tuple[SubgraphPlan, ...]:
        """The subgraphs that can run: entries of the model and what core calls from there.

        The decomposition of a composite that a delegate takes is not among them.
        """
        entries = [0, *(s.subgraph for s in self.model.signatures)]
        return tuple(self.subgraphs[index] for index in sorted(callers_first(entries, self.called_by_core)))

    def called_by_core(self, subgraph: int) -> list[int]:
        """Return the subgraphs that the interpreter calls while it runs one."""
        partitions = self.subgraphs[subgraph].partitions
        return called_by_ops(op for p in partitions if p.label == CORE for op in p.ops)

    @property
    def fallbacks(self) -> tuple[Fallback, ...]:
        """Every op that a delegate was asked for and did not take, once for each such delegate.

        A composite that core runs by its decomposition is not among them.
        """
        return tuple(fallback for subgraph in self.reached for fallback in _fallbacks(subgraph))

    @property
    def unsupported(self) -> tuple[tuple[Graph, Op], ...]:
        """The ops that no delegate takes, with their subgraphs: with them this plan cannot run."""
        return tuple(
            (subgraph.graph, op)
            for subgraph in self.reached
            for p in subgraph.partitions
            if p.label == NOBODY
            for op in p.ops
        )

    def check_complete(self) -> None:
        """Raise :class:`UnsupportedOps` where no delegate takes some op; it lists ops and reasons."""
        if self.unsupported:
            asked = ", ".join(d.label for d in self.delegates) or "none"
            why = [f for f in self.fallbacks if f.runs_on == NOBODY]
            head = f"no delegate takes {len(self.unsupported)} of the model's ops (delegates: {asked})"
            raise UnsupportedOps(_listing(head, why), why)

    def check_full(self) -> None:
        """Raise :class:`UnsupportedOps` unless the first delegate takes every op that core does not."""
        if not self.delegates:
            return self.check_complete()
        first = self.delegates[0].label
        cause = self.delegates[0].out_of_use
        if why := [f for f in self.fallbacks if f.delegate == first]:
            if cause is not None:
                raise UnsupportedOps(
                    f"full delegation is required, but {first} cannot work here: {cause}", why
                )
            head = f"full delegation is required, but {first} does not take {len(why)} of the model's ops"
            raise UnsupportedOps(_listing(head, why), why)


def _fallbacks(subgraph: SubgraphPlan) -> Iterator[Fallback]:
    labels = subgraph.labels
    for op in (op for op in subgraph.graph.ops if op.index in subgraph.refusals):
        if labels[op.index] != CORE:
            for delegate, refusals in subgraph.refusals[op.index].items():
                yield Fallback(op, subgraph.graph, delegate, refusals, labels[op.index])


def _counts(partitions: Sequence[Partition]) -> str:
    """Say how many ops run where: ``12 ops in 3 partitions: 10 on npu, 2 on reference``."""
    ops: Counter[str] = Counter()
    for p in partitions:
        ops[p.label] += len(p.ops)
    who = few([f"{n} on {label}" for label, n in ops.most_common()])
    return f"{plural(ops.total(), 'op')} in {plural(len(partitions), 'partition')}: {who}"


def _listing(head: str, fallbacks: Iterable[Fallback]) -> str:
    return "\n  ".join([f"{head}:", *map(str, fallbacks)])
