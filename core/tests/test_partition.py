"""Partitioning: who takes which op, in which groups and order, and why not another."""

from __future__ import annotations

import logging
import random

import attrs
import pytest
from delegraph import Delegate, OpSupport, Refusal, SupportTable, hookimpl, needs
from delegraph.contract import CORE, NOBODY
from delegraph.errors import InputError, ModelError, OptionError, UnsupportedOps
from delegraph.model import Builder, Graph, Model, Op, Tensor
from delegraph.partition import partition
from delegraph.plugins import Plugins


class Fake(Delegate):
    """Takes ops by name, of any types, and never runs.

    :param settings: attributes of the instance: ``min_ops``, ``dynamic``, ``check``, ...
    """

    name = "fake"

    def __init__(self, name, *ops, constraints=(), **settings):
        super().__init__(label=name)
        self.name = name
        self.table = SupportTable(name, [OpSupport(op, (1, 9), "any* -> any*", constraints) for op in ops])
        self.__dict__.update(settings)

    def prepare(self, partition):
        raise AssertionError("planning opens no device")


def chain(*names):
    """Return a model of unary ops, each reading what the one before made."""
    g = Builder()
    x = g.input((1, 4), "float32")
    for name in names:
        x = g.op(name, [x], [g.tensor((1, 4), "float32")])
    return g.model()


def plan_of(model, *delegates, plugins=None, **settings):
    return partition(model, delegates, plugins=plugins or Plugins(), **settings)


def groups(plan, subgraph=0):
    """Return label and op indices of each partition: ``"a 0 1"``."""
    parts = plan.subgraphs[subgraph].partitions
    return [" ".join([p.label, *(str(op.index) for op in p.ops)]) for p in parts]


def reasons(plan, op, label, subgraph=0):
    return [str(r) for r in plan.subgraphs[subgraph].refusals[op][label]]


def plugin(**hooks):
    """Return plugins that consist of these hook implementations."""
    plugins = Plugins()
    methods = {f"delegraph_{name}": staticmethod(hookimpl(function)) for name, function in hooks.items()}
    plugins.register(type("P", (), {"DELEGRAPH_API": 1, **methods})(), "p")
    assert not plugins.problems
    return plugins


# Preference


def test_an_op_goes_to_the_first_delegate_that_takes_it():
    plan = plan_of(chain("ABS", "NEG", "EXP"), Fake("a", "ABS", "NEG"), Fake("b", "NEG", "EXP"))

    assert groups(plan) == ["a 0 1", "b 2"]
    assert reasons(plan, 2, "a") == ["needs a row for EXP, found none in the table of a"]


def test_an_op_that_nobody_takes_stays_in_the_plan():
    plan = plan_of(chain("ABS", "NEG", "ABS"), Fake("a", "ABS"), Fake("b"))

    assert groups(plan) == ["a 0", f"{NOBODY} 1", "a 2"]
    assert [op.index for _, op in plan.unsupported] == [1]
    with pytest.raises(UnsupportedOps) as e:
        plan.check_complete()
    assert str(e.value) == (
        "no delegate takes 1 of the model's ops (delegates: a, b):\n"
        "  op #1 NEG v1 cannot be handled by a: needs a row for NEG, found none in the table of a\n"
        "  op #1 NEG v1 cannot be handled by b: needs a row for NEG, found none in the table of b"
    )


def test_without_delegates_nobody_takes_anything():
    plan = plan_of(chain("ABS"))

    assert groups(plan) == [f"{NOBODY} 0"]
    with pytest.raises(UnsupportedOps, match=r"delegates: none"):
        plan.check_complete()


def test_a_delegate_only_refuses_what_it_was_asked_for():
    plan = plan_of(chain("ABS", "NEG"), Fake("a", "ABS"), Fake("b", "NEG"))

    assert {op: list(by) for op, by in plan.subgraphs[0].refusals.items()} == {1: ["a"]}


def test_a_delegate_made_by_hand_gets_the_rows_of_the_plugins():
    class Bare(Delegate):
        name = "bare"

        def prepare(self, partition): ...

    plugins = plugin(op_support=lambda delegate: [OpSupport("ABS", (1, 1), "float32 -> float32")])

    assert groups(plan_of(chain("ABS"), Bare(), plugins=plugins)) == ["bare 0"]


def test_delegates_of_one_label_are_told_apart():
    plan = plan_of(chain("ABS", "NEG"), Fake("a", "ABS"), Fake("a", "NEG"))

    assert groups(plan) == ["a 0", "a:2 1"]


# Groups


def test_branches_that_rejoin_stay_together():
    g = Builder()
    x = g.input((1,), "float32")
    t = [g.tensor((1,), "float32") for _ in range(4)]
    g.op("ABS", [x], [t[0]])
    g.op("NEG", [t[0]], [t[1]])
    g.op("ABS", [t[0]], [t[2]])
    g.op("ADD", [t[1], t[2]], [t[3]])

    plan = plan_of(g.model(), Fake("a", "ABS", "ADD"), Fake("b", "NEG"))

    assert groups(plan) == ["a 0 2", "b 1", "a 3"]


def test_the_first_delegates_groups_do_not_depend_on_how_the_rest_is_divided():
    # Two ops of a: one waits for b, one for c. TFLite would give a one partition; so do we.
    g = Builder()
    x, t = g.input((1,), "float32"), [g.tensor((1,), "float32") for _ in range(4)]
    g.op("NEG", [x], [t[0]])
    g.op("ABS", [t[0]], [t[1]])
    g.op("EXP", [x], [t[2]])
    g.op("ABS", [t[2]], [t[3]])

    plan = plan_of(g.model(), Fake("a", "ABS"), Fake("b", "NEG"), Fake("c", "EXP"))

    assert groups(plan) == ["b 0", "c 2", "a 1 3"]


@pytest.mark.parametrize("seed", range(150))
def test_groups_are_those_of_tflites_algorithm_applied_delegate_by_delegate(seed):
    rng = random.Random(seed)
    graph = random_graph(rng)
    delegates = [
        Fake(f"d{i}", *rng.sample("PQRS", rng.randrange(1, 4))) for i in range(rng.randrange(1, 4))
    ]

    plan = plan_of(Model((graph,)), *delegates)

    assert [(p.label, {op.index for op in p.ops}) for p in plan.partitions] == naive_plan(graph, delegates)


@pytest.mark.parametrize("seed", range(150))
def test_every_plan_is_a_schedule_that_runs_each_op_once_after_its_inputs(seed):
    rng = random.Random(seed)
    graph = random_graph(rng)
    delegates = [Fake(f"d{i}", *rng.sample("PQRS", 2), min_ops=rng.randrange(1, 4)) for i in range(2)]

    plan = plan_of(Model((graph,)), *delegates)

    check_schedule(graph, plan.partitions)


def random_graph(rng):
    """Return a graph of ops P, Q, R, S, some with several outputs, some that use a variable."""
    tensors = [Tensor(i, f"t{i}", "float32", (2,)) for i in range(2)]
    tensors.append(Tensor(2, "state", "float32", (2,), is_variable=True))
    readable, ops = [0, 1], []
    for index in range(rng.randrange(1, 24)):
        near = readable[-8:]
        reads = [tensors[rng.choice(near)] for _ in range(rng.randrange(1, 4))]
        if rng.random() < 0.15:
            reads.append(tensors[2])
        made = [
            Tensor(len(tensors) + i, f"t{len(tensors) + i}", "float32", (2,))
            for i in range(rng.choice((1, 1, 2)))
        ]
        tensors += made
        readable += [t.index for t in made]
        ops.append(Op(index, rng.choice("PQRS"), 1, tuple(reads), tuple(made)))
    results = tuple(tensors[i] for i in rng.sample(readable, rng.randrange(1, 3)))
    return Graph("random", tuple(tensors), tuple(ops), tuple(tensors[:2]), results)


def naive_plan(graph, delegates):
    """Serve the delegates as TFLite does: each makes its groups single nodes of the next one's graph."""
    nodes = [({op.index}, None) for op in graph.ops]
    for delegate in delegates:
        nodes = replaced(graph, nodes, delegate.label, {row.op for row in delegate.table.rows})
    return replaced(graph, nodes, NOBODY, set("PQRS"))


def replaced(graph, nodes, label, names):
    """One call of TFLite's partitioner and of the replacement that follows it, sweep by sweep."""
    made_by = {t.index: op.index for op in graph.ops for t in op.outputs}
    users = [op.index for op in graph.ops if any(t.is_variable for t in op.inputs)]
    after = dict(zip(users[1:], users, strict=False))  # ops on the variable keep their order

    def wanted(node):
        ops, owner = node
        return owner is None and {graph.ops[i].name for i in ops} <= names

    def ready(node, done):
        before = {made_by[t.index] for i in node[0] for t in graph.ops[i].inputs if t.index in made_by}
        before |= {after[i] for i in node[0] if i in after}
        return before - node[0] <= done

    done, result, left = set(), [], list(nodes)
    while left:
        kind = wanted(next(n for n in left if ready(n, done)))
        epoch, did_something = [], True
        while did_something:
            did_something = False
            for node in list(left):
                if wanted(node) == kind and ready(node, done):
                    left.remove(node)
                    epoch.append(node)
                    done |= node[0]
                    did_something = True
        result += [(set().union(*(ops for ops, _ in epoch)), label)] if kind else epoch
    if label == NOBODY:
        return [(owner, ops) for ops, owner in result]
    return result


def check_schedule(graph, partitions):
    """Check order and edges of partitions against the definition of both."""
    ran = [op.index for p in partitions for op in p.ops]
    assert sorted(ran) == [op.index for op in graph.ops]
    there = {t.index for t in graph.tensors if t.is_variable} | {t.index for t in graph.inputs}
    results = {t.index for t in graph.outputs}
    for p in partitions:
        inside = {op.index for op in p.ops}
        assert [op.index for op in p.ops] == sorted(inside)
        made = {t.index for op in p.ops for t in op.outputs}
        read = {t.index for op in p.ops for t in op.inputs}
        read_later = {t.index for op in graph.ops if op.index not in inside for t in op.inputs}
        assert [t.index for t in p.inputs] == sorted(read - made)
        assert {t.index for t in p.inputs} <= there, "computed before it is read"
        assert [t.index for t in p.outputs] == sorted(made & (read_later | results))
        assert [t.index for t in p.variables] == [t.index for t in p.inputs if t.is_variable]
        there |= {t.index for t in p.outputs}
    users = [op.index for op in graph.ops if any(t.is_variable for t in op.inputs)]
    assert [i for i in ran if i in users] == users


# Edges


def test_a_partition_lists_what_crosses_its_edge():
    g = Builder()
    x, w = g.input((1,), "float32", "x"), g.constant([1.0], "float32")
    a, b, c, d = (g.tensor((1,), "float32", name) for name in "abcd")
    g.op("ABS", [x], [a])
    g.op("ADD", [a, w], [b])  # a is read by the other delegate, too
    g.op("NEG", [b], [c])
    g.op("ADD", [a, c], [d])

    first, second, third = plan_of(g.model([d, b]), Fake("a", "ABS", "ADD"), Fake("b", "NEG")).partitions

    assert [[t.name for t in edge] for edge in (first.inputs, first.outputs)] == [["x"], ["a", "b"]]
    assert [[t.name for t in edge] for edge in (second.inputs, second.outputs)] == [["b"], ["c"]]
    assert [[t.name for t in edge] for edge in (third.inputs, third.outputs)] == [["a", "c"], ["d"]]


def test_what_a_signature_names_leaves_its_partition_although_no_output_says_so():
    model = chain("ABS", "NEG")
    tensor = model.subgraphs[0].ops[0].outputs[0].index
    from delegraph.model import Signature

    model = attrs.evolve(model, signatures=(Signature("main", {}, {"y": tensor}),))

    (part,) = plan_of(model, Fake("a", "ABS", "NEG")).partitions

    assert tensor in [t.index for t in part.outputs]


def test_a_variable_is_an_input_whose_next_value_comes_back():
    g = Builder()
    x, state = g.input((1,), "float32"), g.variable((1,), "float32")
    g.op("SVDF", [x, None, None, None, state], [g.tensor((1,), "float32")])

    (part,) = plan_of(g.model(), Fake("a", "SVDF")).partitions

    assert [t.index for t in part.inputs] == [x.index, state.index]
    assert [t.index for t in part.variables] == [state.index]
    assert len(part.outputs) == 1


# What keeps the file's order


def test_ops_on_one_variable_keep_the_files_order():
    g = Builder()
    x, state = g.input((1,), "float32"), g.variable((1,), "float32")
    t = [g.tensor((1,), "float32") for _ in range(2)]
    g.op("NEG", [x, state], [t[0]])
    g.op("ABS", [x, state], [t[1]])

    assert groups(plan_of(g.model(), Fake("a", "ABS"), Fake("b", "NEG"))) == ["b 0", "a 1"]


def test_random_ops_keep_the_files_order_among_all():
    g = Builder()
    shape = g.constant([3], "int32")
    g.op("MULTINOMIAL", [shape], [g.tensor((3,), "float32")])
    g.op("RANDOM_UNIFORM", [shape], [g.tensor((3,), "float32")])
    g.op("RANDOM_STANDARD_NORMAL", [shape], [g.tensor((3,), "float32")])

    plan = plan_of(
        g.model(), Fake("a", "RANDOM_UNIFORM"), Fake("b", "MULTINOMIAL", "RANDOM_STANDARD_NORMAL")
    )

    assert groups(plan) == ["b 0", "a 1", "b 2"]


def test_ops_on_resources_run_in_core_and_keep_the_files_order():
    g = Builder()
    x = g.input((1,), "float32")
    handle, value = g.tensor((), "resource"), g.tensor((1,), "float32")
    g.op("VAR_HANDLE", [], [handle], shared_name="v")
    g.op("ASSIGN_VARIABLE", [handle, x], [])
    g.op("READ_VARIABLE", [handle], [value])
    y = g.op("NEG", [x], [g.tensor((1,), "float32")])
    g.op("ASSIGN_VARIABLE", [handle, y], [])

    plan = plan_of(g.model(), Fake("a", "NEG", "READ_VARIABLE"))

    assert groups(plan) == ["a 3", f"{CORE} 0 1 2 4"] or groups(plan) == [
        f"{CORE} 0 1 2",
        "a 3",
        f"{CORE} 4",
    ]
    order = [op.index for p in plan.partitions for op in p.ops if p.label == CORE]
    assert order == [0, 1, 2, 4]


# Giving back


def test_a_partition_of_too_few_ops_goes_to_the_next_delegate():
    model = chain("ABS", "ABS", "NEG", "ABS")

    plan = plan_of(model, Fake("a", "ABS"), Fake("b", "ABS", "NEG"), min_ops=2)

    assert groups(plan) == ["a 0 1", "b 2 3"]
    assert reasons(plan, 3, "a") == ["needs a partition of at least 2 ops, found a partition of 1"]


def test_a_delegate_may_set_its_own_minimum_and_the_argument_overrides_it():
    model, last = chain("ABS", "NEG"), Fake("b", "ABS", "NEG")

    assert groups(plan_of(model, Fake("a", "ABS", min_ops=2), last)) == ["b 0 1"]
    assert groups(plan_of(model, Fake("a", "ABS", min_ops=2), last, min_ops=1)) == ["a 0", "b 1"]


def test_the_last_delegate_takes_any_number_whatever_the_argument_says():
    assert groups(plan_of(chain("ABS"), Fake("a", "ABS"), min_ops=5)) == ["a 0"]


@pytest.mark.parametrize(("keep", "kept"), [("largest", "a 2 3"), ("first", "a 0")])
def test_of_too_many_partitions_the_largest_or_the_first_stay(keep, kept):
    model = chain("ABS", "NEG", "ABS", "ABS", "NEG", "ABS")

    plan = plan_of(model, Fake("a", "ABS", max_partitions=1, keep=keep), Fake("b", "ABS", "NEG"))

    assert [g for g in groups(plan) if g.startswith("a")] == [kept]
    assert reasons(plan, 5, "a") == [
        f"needs a place among the {keep} 1 partitions, found 3 partitions, this one of 1 ops"
    ]


def test_the_number_of_partitions_may_be_an_argument():
    model = chain("ABS", "NEG", "ABS")

    assert groups(plan_of(model, Fake("a", "ABS"), Fake("b", "ABS", "NEG"), max_partitions=1)) == [
        "a 0",
        "b 1 2",
    ]


def test_a_delegate_that_keeps_something_unknown_keeps_the_largest_and_is_told_so(caplog):
    plan = plan_of(chain("ABS"), Fake("a", "ABS", keep="best"))

    assert groups(plan) == ["a 0"]
    assert (
        "keep of delegate 'a' of plugin 'core' needs to be 'largest' or 'first', found 'best'"
        in caplog.text
    )


class Checking(Fake):
    """Refuses every op but the first so many of a partition."""

    most = 2

    def check(self, partition):
        return {
            op.index: [Refusal(f"{self.most} ops in memory", "more")] for op in partition.ops[self.most :]
        }


def test_a_check_of_whole_partitions_regroups_until_nothing_is_refused():
    plan = plan_of(chain("ABS", "ABS", "ABS", "ABS", "ABS"), Checking("a", "ABS"), Fake("b", "ABS"))

    assert groups(plan) == ["a 0 1", "b 2 3 4"]
    assert reasons(plan, 4, "a") == ["needs 2 ops in memory, found more"]


def test_a_check_sees_the_edges_of_the_partition():
    seen = []

    class Looking(Fake):
        def check(self, partition):
            seen.append(partition)
            return {}

    plan = plan_of(chain("ABS", "NEG", "ABS"), Looking("a", "ABS"), Fake("b", "NEG"))

    assert seen == [p for p in plan.partitions if p.label == "a"]


def test_a_check_that_raises_refuses_the_partition():
    class Broken(Fake):
        def check(self, partition):
            raise ZeroDivisionError("no memory")

    plan = plan_of(chain("ABS"), Broken("a", "ABS"), Fake("b", "ABS"))

    assert groups(plan) == ["b 0"]
    assert reasons(plan, 0, "a") == [
        "needs a check of the partition, "
        "found check() of delegate 'a' of plugin 'core' failed: ZeroDivisionError: no memory"
    ]


def test_what_a_check_says_of_foreign_ops_or_without_reason_is_ignored():
    class Confused(Fake):
        def check(self, partition):
            return {99: [Refusal("x", "y")], 0: []}

    assert groups(plan_of(chain("ABS"), Confused("a", "ABS"))) == ["a 0"]


def test_a_veto_keeps_a_supported_op_off_a_delegate():
    def veto(op, delegate):
        return "wrong on the GPU" if op.index == 1 and delegate.name == "a" else None

    plan = plan_of(chain("ABS", "ABS"), Fake("a", "ABS"), Fake("b", "ABS"), plugins=plugin(veto=veto))

    assert groups(plan) == ["a 0", "b 1"]
    assert reasons(plan, 1, "a") == ["needs no veto, found a veto by plugin 'p': wrong on the GPU"]


def test_vetoes_are_asked_for_supported_ops_only():
    asked = []

    def veto(op, delegate):
        asked.append((op.index, delegate.name))

    plan_of(chain("ABS", "NEG"), Fake("a", "ABS"), Fake("b", "NEG"), plugins=plugin(veto=veto))

    assert asked == [(0, "a"), (1, "b")]


def test_refusals_known_beforehand_count():
    failed = Refusal("a delegate that does not fail at it", "a kernel that does not compile")

    plan = plan_of(
        chain("ABS", "ABS"), Fake("a", "ABS"), Fake("b", "ABS"), refused={(0, 0): {"a": [failed]}}
    )

    assert groups(plan) == ["b 0", "a 1"]
    assert reasons(plan, 0, "a") == [str(failed)]


def test_refusals_while_partitioning_are_of_a_kind():
    class Broken(Fake):
        def check(self, partition):
            raise ZeroDivisionError

    def veto(op, delegate):
        return "no" if delegate.name == "a" else None

    one, mixed, unknown = chain("ABS"), chain("ABS", "NEG", "ABS"), with_unknown(chain("ABS"), 1)
    b = Fake("b", "ABS", "NEG", dynamic=True)
    plans = {
        "check": [plan_of(one, delegate("a", "ABS"), b) for delegate in (NothingFits, Broken)],
        "dynamic": [plan_of(unknown, Fake("a", "ABS"), b)],
        "limit": [
            plan_of(one, Fake("a", "ABS"), b, min_ops=2),
            plan_of(mixed, Fake("a", "ABS"), b, max_partitions=1),
        ],
        "veto": [plan_of(one, Fake("a", "ABS"), b, plugins=plugin(veto=veto))],
    }

    for kind, made in plans.items():
        for plan in made:
            assert kind in {r.kind for f in plan.fallbacks if f.delegate == "a" for r in f.refusals}


class NothingFits(Checking):
    most = 0


# Unknown shapes


def with_unknown(model, *tensors):
    """Return the model with these tensors' shapes known only while it runs."""

    def now(t):
        return attrs.evolve(t, shape=None) if t is not None and t.index in tensors else t

    graph = model.subgraphs[0]
    ops = tuple(
        attrs.evolve(op, inputs=tuple(map(now, op.inputs)), outputs=tuple(map(now, op.outputs)))
        for op in graph.ops
    )
    return Model((attrs.evolve(graph, ops=ops, tensors=tuple(map(now, graph.tensors))),))


def test_a_delegate_for_fixed_shapes_refuses_an_unknown_one_and_names_the_tensor():
    model = with_unknown(chain("WHERE", "ABS"), 1)

    plan = plan_of(model, Fake("a", "WHERE", "ABS"), Fake("b", "WHERE", "ABS", dynamic=True))

    assert groups(plan) == ["b 0 1"]
    assert reasons(plan, 0, "a") == [
        "needs shapes known before the run, found tensor 1 't1' of unknown shape"
    ]
    assert reasons(plan, 1, "a") == [
        "needs shapes known before the run, found tensor 1 't1' of unknown shape"
    ]


def test_ops_that_wait_for_shapes_of_inputs_or_outputs_have_a_partition_of_their_own():
    model = with_unknown(chain("ABS", "WHERE", "ABS", "ABS"), 2, 3)

    plan = plan_of(model, Fake("b", "WHERE", "ABS", dynamic=True))

    assert groups(plan) == ["b 0", "b 1 2 3"]
    assert [p.deferred for p in plan.partitions] == [False, True]


# Core, composites, subgraphs


def branching(then_op="ABS", else_op="NEG"):
    g = Builder()
    condition, x = g.input((1,), "bool"), g.input((1,), "float32")
    branches = []
    for name, op in (("then", then_op), ("else", else_op)):
        b = g.subgraph(name)
        b.op(op, [b.input((1,), "float32")], [b.tensor((1,), "float32")])
        branches.append(b.index)
    g.op(
        "IF",
        [condition, x],
        [g.tensor((1,), "float32")],
        then_subgraph_index=branches[0],
        else_subgraph_index=branches[1],
    )
    return g.model()


def test_control_flow_runs_in_core_and_the_bodies_are_partitioned_too():
    plan = plan_of(branching(), Fake("a", "ABS", "IF"), Fake("b", "NEG"))

    assert [groups(plan, i) for i in range(3)] == [[f"{CORE} 0"], ["a 0"], ["b 0"]]
    assert plan.subgraphs[0].refusals == {}


def test_a_fallback_in_another_subgraph_names_it():
    plan = plan_of(branching(), Fake("a", "ABS"), Fake("b", "NEG"))

    assert [str(f) for f in plan.fallbacks] == [
        "op #0 NEG v1 of subgraph 2 'else' cannot be handled by a: "
        "needs a row for NEG, found none in the table of a"
    ]


def composite():
    g = Builder()
    body = g.subgraph("body")
    body.op("NEG", [body.input((1,), "float32")], [body.tensor((1,), "float32")])
    g.op(
        "STABLEHLO_COMPOSITE",
        [g.input((1,), "float32")],
        [g.tensor((1,), "float32")],
        name="odml.norm",
        decomposition_subgraph_index=body.index,
    )
    return g.model()


def test_a_composite_that_a_delegate_takes_does_not_run_its_decomposition():
    plan = plan_of(composite(), Fake("a", "STABLEHLO_COMPOSITE:odml.norm"))

    assert groups(plan) == ["a 0"]
    assert [s.graph.name for s in plan.reached] == ["main"]
    assert plan.fallbacks == ()
    plan.check_complete()


def test_a_composite_that_no_delegate_takes_runs_by_its_decomposition():
    plan = plan_of(composite(), Fake("a", "NEG"))

    assert groups(plan) == [f"{CORE} 0"]
    assert groups(plan, 1) == ["a 0"]
    assert reasons(plan, 0, "a") == [
        "needs a row for STABLEHLO_COMPOSITE:odml.norm, found none in the table of a"
    ]
    assert plan.fallbacks == (), "that is what a decomposition is for"


def test_folded_ops_are_listed():
    model = chain("ABS", "NEG")
    graph = model.subgraphs[0]
    folded = attrs.evolve(graph, ops=graph.ops[1:], folded=graph.ops[:1], inputs=graph.ops[1].inputs)

    plan = plan_of(Model((folded,)), Fake("a", "NEG"))

    assert groups(plan) == ["a 1"]
    assert [op.index for op in plan.subgraphs[0].folded] == [0]


# Full delegation, the log, the hook


def test_full_delegation_is_an_error_that_lists_what_the_first_delegate_refuses():
    with pytest.raises(UnsupportedOps) as e:
        plan_of(chain("ABS", "NEG"), Fake("a", "ABS"), Fake("b", "NEG"), require_full_delegation=True)

    assert str(e.value) == (
        "full delegation is required, but a does not take 1 of the model's ops:\n"
        "  op #1 NEG v1 cannot be handled by a: needs a row for NEG, found none in the table of a"
    )


def test_control_flow_does_not_stand_in_the_way_of_full_delegation():
    plan_of(branching(), Fake("a", "ABS", "NEG"), require_full_delegation=True)


def warnings(caplog):
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


def test_all_fallbacks_of_a_plan_are_one_warning(caplog):
    ops = ("NEG", "ABS", "NEG", "EXP", "LOG", "COS", "ABS", "SIN")
    plan_of(chain(*ops), Fake("a", "ABS"), Fake("b", "NEG", "EXP", "LOG"), Fake("c", "COS", "SIN"))

    assert warnings(caplog) == [
        "a does not take 6 of 8 ops (NEG ×2, EXP, LOG and 2 more): they run on b and c; "
        "b does not take 2 of 6 ops (COS, SIN): they run on c"
    ]


@pytest.mark.parametrize("times", [1, 5])
def test_fallbacks_are_said_once_of_a_model_however_often_it_is_planned(caplog, times):
    model = chain("NEG", "ABS")
    for _ in range(times):
        plan_of(model, Fake("a", "ABS"), Fake("b", "NEG"))
        plan_of(attrs.evolve(model, description="resized"), Fake("a", "ABS"), Fake("b", "NEG"))
    assert len(warnings(caplog)) == 1

    plan_of(model, Fake("a"), Fake("b", "NEG", "ABS"))
    assert len(warnings(caplog)) == 2


def test_each_fallback_with_all_its_reasons_is_a_line_at_level_info(caplog):
    @needs("a batch of two")
    def batch(op):
        return "a batch of 1"

    @needs("one channel")
    def channel(op):
        return "4 channels"

    caplog.set_level(logging.INFO, "delegraph")
    plan_of(chain("ABS", "ABS"), Fake("a", "ABS", constraints=(batch, channel)), Fake("b", "ABS"))

    assert [r.getMessage() for r in caplog.records if r.levelno == logging.INFO] == [
        f"op #{i} ABS v1 cannot be handled by a: "
        "needs a batch of two, found a batch of 1; needs one channel, found 4 channels"
        for i in (0, 1)
    ]


def test_the_finished_plan_is_shown_to_plugins():
    seen = []

    plan = plan_of(
        chain("ABS"), Fake("a", "ABS"), plugins=plugin(partitioned=lambda plan: seen.append(plan))
    )

    assert seen == [plan]


# Arguments and broken graphs


def test_an_unknown_policy_is_an_error_that_lists_those_there_are():
    with pytest.raises(
        OptionError, match="no policy 'best' for partitioning; there is: greedy, cost, auto"
    ):
        plan_of(chain("ABS"), policy="best")


def test_how_many_partitions_are_kept_may_depend_on_the_graph():
    class ByGraph(Fake):
        def partition_limit(self, graph):
            return 1 if len(graph.ops) == 3 else None

    def kept(*names):
        return groups(plan_of(chain(*names), ByGraph("a", "ABS", keep="first"), Fake("b", "ABS", "NEG")))

    assert kept("ABS", "NEG", "ABS") == ["a 0", "b 1 2"]
    assert kept("ABS", "NEG", "ABS", "NEG") == ["a 0", "b 1", "a 2", "b 3"]


@pytest.mark.parametrize("limit", ["min_ops", "max_partitions"])
def test_a_limit_below_one_is_an_error(limit):
    with pytest.raises(InputError, match=f"{limit} needs an integer of 1 or more, found 0"):
        plan_of(chain("ABS"), Fake("a", "ABS"), **{limit: 0})


def test_a_delegate_that_is_not_loaded_is_an_error():
    with pytest.raises(InputError, match=r"needs loaded delegates .*, found 'opencl'"):
        plan_of(chain("ABS"), "opencl")


def test_an_op_that_reads_what_a_later_one_computes_is_an_error():
    model = chain("ABS", "NEG")
    graph = model.subgraphs[0]
    swapped = attrs.evolve(graph, ops=graph.ops[::-1])

    with pytest.raises(
        ModelError, match=r"op #1 NEG v1 reads tensor 1 't1', which only op #0 ABS v1 computes"
    ):
        plan_of(Model((swapped,)), Fake("a", "ABS", "NEG"))


def test_an_op_that_reads_what_nobody_computes_is_an_error():
    model = chain("ABS")
    graph = attrs.evolve(model.subgraphs[0], inputs=())

    with pytest.raises(ModelError, match=r"op #0 ABS v1 reads tensor 0 't0', which is no input"):
        plan_of(Model((graph,)), Fake("a", "ABS"))


def test_an_output_that_nobody_computes_is_an_error():
    graph = attrs.evolve(chain("ABS").subgraphs[0], ops=())

    with pytest.raises(ModelError, match=r"output tensor 1 't1' of subgraph 0 is .* computed by no op"):
        plan_of(Model((graph,)), Fake("a", "ABS"))


def test_a_graph_without_ops_has_no_partitions():
    g = Builder()
    x = g.input((1,), "float32")

    assert plan_of(g.model([x]), Fake("a", "ABS")).partitions == ()


def test_a_hundred_thousand_ops_are_planned():
    """How long it takes is measured in tests/benchmarks; quadratic work would take minutes here."""
    rng = random.Random(0)
    tensors, ops = [Tensor(0, "x", "float32", (1, 8))], []
    for i in range(100_000):
        reads = tuple(tensors[rng.randrange(max(0, i - 9), i + 1)] for _ in range(2))
        tensors.append(Tensor(i + 1, f"t{i}", "float32", (1, 8)))
        ops.append(Op(i, rng.choice(["ADD", "MUL"]), 1, reads, (tensors[-1],)))
    graph = Graph("big", tuple(tensors), tuple(ops), (tensors[0],), (tensors[-1],))
    logging.getLogger("delegraph").setLevel(logging.ERROR)
    try:
        plan = plan_of(Model((graph,)), Fake("a", "ADD"), Fake("b", "ADD", "MUL"))
    finally:
        logging.getLogger("delegraph").setLevel(logging.NOTSET)

    assert sum(len(p.ops) for p in plan.partitions) == 100_000
