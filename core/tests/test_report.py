"""Reports of a plan: text, JSON and HTML."""

from __future__ import annotations

import json

import attrs
import pytest
from delegraph import Delegate, OpSupport, SupportTable, needs
from delegraph.model import Builder, Model
from delegraph.partition import partition
from delegraph.plugins import Plugins
from delegraph.report.plan_text import name_text, report, to_json


@needs("at most 8 channels")
def few_channels(op):
    channels = op.inputs[0].shape[-1]
    return None if channels <= 8 else f"{channels} channels"


class Fake(Delegate):
    name = "fake"

    def __init__(self, name, *ops, constraints=(), dynamic=False):
        super().__init__(label=name)
        self.dynamic = dynamic
        self.table = SupportTable(
            name, [OpSupport(op, (1, 1), "float32* -> float32*", constraints) for op in ops]
        )

    def prepare(self, partition):
        raise AssertionError("a report opens no device")


def model_of(*ops):
    """Return a model of unary ops, written as name and channels."""
    g = Builder()
    x = g.input((1, 4, ops[0][1]), "float32", "x")
    for name, channels in ops:
        x = g.op(name, [x], [g.tensor((1, 4, channels), "float32")])
    return g.model()


@pytest.fixture
def plan():
    """Two ops on a, two on b, one on nobody."""
    model = model_of(("ABS", 8), ("ABS", 16), ("ABS", 16), ("EXP", 16), ("NEG", 16))
    delegates = [Fake("a", "ABS", constraints=[few_channels]), Fake("b", "ABS", "EXP")]
    return partition(model, delegates, plugins=Plugins())


# As text


def test_the_report_shows_partitions_what_crosses_their_edges_and_refusals_by_rule(plan):
    assert report(plan, width=120) == (
        "#  runs on   ops  bytes in  bytes out  what\n"
        "0  a           2     128 B      256 B  ABS ×2\n"
        "1  b           2     256 B      256 B  ABS, EXP\n"
        "2  (nobody)    1     256 B      256 B  NEG\n"
        "\n"
        "a was asked for 5 ops and takes 2. The others need:\n"
        "ops  needs               found                   which\n"
        "  1  at most 8 channels  16 channels             ABS #2\n"
        "  1  a row for EXP       none in the table of a  EXP #3\n"
        "  1  a row for NEG       none in the table of a  NEG #4\n"
        "\n"
        "b was asked for 3 ops and takes 2. The others need:\n"
        "ops  needs          found                   which\n"
        "  1  a row for NEG  none in the table of b  NEG #4\n"
        "\n"
        "5 ops: 2 on a, 2 on b, 1 on (nobody) · 3 partitions · 2 hand-overs per inference\n"
        "No delegate takes 1 op: this plan cannot run."
    )


def test_a_plan_prints_its_report(plan):
    assert str(plan) == report(plan)


def test_the_rule_that_most_ops_break_comes_first_with_its_findings_counted():
    model = model_of(("ABS", 8), ("EXP", 16), ("ABS", 16), ("ABS", 32), ("ABS", 16))
    delegates = [Fake("a", "ABS", constraints=[few_channels]), Fake("b", "ABS", "EXP")]

    text = report(partition(model, delegates, plugins=Plugins()), width=120)

    assert "  3  at most 8 channels  16 channels ×2, 32 channels" in text
    assert text.index("at most 8 channels") < text.index("a row for EXP")
    assert "ABS #2 #3 #4" in text


def test_many_ops_are_named_by_the_first_of_them():
    plan = partition(model_of(*[("EXP", 8)] * 7), [Fake("a"), Fake("b", "EXP")], plugins=Plugins())

    assert "EXP #0 #1 #2 #3 and 3 more" in report(plan)


def test_ops_computed_beforehand_are_listed():
    model = model_of(("ABS", 8), ("EXP", 8), ("ABS", 8))
    graph = model.subgraphs[0]
    rest = attrs.evolve(graph, ops=graph.ops[2:], folded=graph.ops[:2], inputs=graph.ops[2].inputs)

    text = report(partition(Model((rest,)), [Fake("a", "ABS")], plugins=Plugins()))

    assert "2 ops of constants, computed beforehand: ABS, EXP" in text
    assert (
        "1 op: 1 on a · 1 partition · 0 hand-overs per inference · 2 more ops computed beforehand" in text
    )


def test_a_size_that_is_not_known_yet_and_a_late_partition_are_marked():
    model = model_of(("ABS", 8), ("ABS", 8))
    graph = model.subgraphs[0]
    late = attrs.evolve(graph.ops[0].outputs[0], shape=None)
    ops = (
        attrs.evolve(graph.ops[0], outputs=(late,)),
        attrs.evolve(graph.ops[1], inputs=(late,)),
    )
    plan = partition(
        Model((attrs.evolve(graph, ops=ops),)), [Fake("a", "ABS", dynamic=True)], plugins=Plugins()
    )

    lines = report(plan).splitlines()

    assert lines[1].split() == ["0", "a,", "deferred", "2", "128", "B", "128", "B", "ABS", "×2"]
    assert lines[2] == "deferred: prepared while running, when the shapes are known"


def branching():
    g = Builder()
    condition, x = g.input((1,), "bool"), g.input((1,), "float32")
    body = g.subgraph("body")
    body.op("ABS", [body.input((1,), "float32")], [body.tensor((1,), "float32")])
    unused = g.subgraph("unused")
    unused.op("ABS", [unused.input((1,), "float32")], [unused.tensor((1,), "float32")])
    calls = {"then_subgraph_index": body.index, "else_subgraph_index": body.index}
    g.op("IF", [condition, x], [g.tensor((1,), "float32")], **calls)
    return partition(g.model(), [Fake("a", "ABS")], plugins=Plugins())


def test_subgraphs_have_sections_and_what_is_never_run_is_said():
    text = report(branching())

    assert text.index("subgraph 0 'main'") < text.index("subgraph 1 'body'")
    assert "subgraph 2 'unused' is never run" in text
    assert "2 ops: 1 on core, 1 on a" in text


def test_names_that_look_like_markup_are_printed_as_they_are():
    g = Builder()
    g.op("[bold]Mine[/]", [g.input((1,), "float32")], [g.tensor((1,), "float32")])
    plan = partition(g.model(), [Fake("a", "[bold]Mine[/]")], plugins=Plugins())

    assert "[bold]Mine[/]" in report(plan)


def test_long_names_lose_their_middle():
    tensor = attrs.evolve(model_of(("ABS", 8)).subgraphs[0].tensors[0], name="a" * 50 + "b" * 50)

    assert name_text(tensor) == "a" * 30 + "…" + "b" * 30


# As JSON


def test_the_plan_as_json_has_partitions_with_edges_and_refusals_as_values(plan):
    found = json.loads(json.dumps(to_json(plan)))

    assert found["delegates"] == [
        {"label": "a", "name": "fake", "unavailable": None},
        {"label": "b", "name": "fake", "unavailable": None},
    ]
    assert found["complete"] is False
    (main,) = found["subgraphs"]
    assert [(p["delegate"], [op["index"] for op in p["ops"]]) for p in main["partitions"]] == [
        ("a", [0, 1]),
        ("b", [2, 3]),
        ("(nobody)", [4]),
    ]
    assert main["partitions"][0]["inputs"] == [
        {"index": 0, "name": "x", "dtype": "float32", "shape": [1, 4, 8], "nbytes": 128}
    ]
    assert main["refusals"][0] == {
        "index": 2,
        "name": "ABS",
        "version": 1,
        "types": "float32 -> float32",
        "delegate": "a",
        "reasons": [
            {
                "rule": "at most 8 channels",
                "found": "16 channels",
                "hint": "",
                "kind": "constraint",
                "constraint": "few_channels",
            }
        ],
    }
