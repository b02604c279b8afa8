"""Reports of a plan: text, JSON and HTML."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import attrs
import pytest
from delegraph import Delegate, OpSupport, SupportTable, needs
from delegraph.model import Builder, Model
from delegraph.partition import partition
from delegraph.plugins import Plugins
from delegraph.report.plan_html import to_html
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


# As HTML


class Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.ops, self.open, self.details = [], [], [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.open.append(tag)
        self.links += [v for k, v in attributes if k in ("src", "href")]
        if "data-op" in found:
            self.ops.append((found["data-op"], found["class"]))

    def handle_data(self, data):
        if self.open and self.open[-1] == "script" and self.details is None:
            self.details = json.loads(data)
            self.open.append("done")


def test_the_page_needs_nothing_from_elsewhere(plan):
    text = to_html(plan)

    assert Page(text).links == []
    assert not re.search(r"https?://|@import|url\(", text)


def test_the_page_draws_every_op_in_the_color_of_its_delegate(plan):
    ops = Page(to_html(plan)).ops

    assert [op for op, _ in ops] == [f"0:{i}" for i in range(5)]
    colors = [kind.split()[1] for _, kind in ops]
    assert colors[0] == colors[1] != colors[2] == colors[3] != colors[4]
    assert ["refused" in kind for _, kind in ops] == [False, False, True, True, True]


def test_pointing_at_an_op_shows_types_shapes_and_refusals(plan):
    op = Page(to_html(plan)).details["0:2"]

    assert op["title"] == "op #2 ABS v1"
    assert op["runs"] == "b, partition 1 of 3"
    assert op["types"] == "float32 -> float32"
    assert op["inputs"] == ["2 t2: float32 1×4×16, 256 B"]
    assert op["refusals"] == {"a": ["needs at most 8 channels, found 16 channels"]}


def test_names_in_a_model_cannot_break_out_of_the_page():
    evil = "</script><script>alert(1)</script>"
    g = Builder()
    g.op("ABS", [g.input((1,), "float32", evil)], [g.tensor((1,), "float32", evil)])
    plan = partition(attrs.evolve(g.model(), source=evil), [Fake("a", "ABS")], plugins=Plugins())

    assert Page(to_html(plan)).tags.count("script") == 2


def test_a_page_of_a_thousand_ops_is_small_and_complete():
    model = model_of(*[("ABS", 8), ("EXP", 8)] * 500)
    plan = partition(model, [Fake("a", "ABS"), Fake("b", "EXP")], plugins=Plugins())

    text = to_html(plan)

    assert len(Page(text).ops) == 1000
    assert len(text) < 2_000_000


PLACES = ("input", "tensor", "op", "output", "subgraph", "source")
PLACEHOLDERS = (
    "@DETAILS@",
    "$details",
    "${sections}",
    "{{details}}",
    "%(report)s",
    "</script>",
    "$$",
    "\0",
)


def named(place, name, n):
    """Return a model of n ops with a long name in one place; all ops read the input."""
    g = Builder()
    x = t = g.input((1, 4), "float32", name if place == "input" else None)
    for _ in range(n):
        out = g.tensor((1, 4), "float32", name if place == "tensor" else None)
        t = g.op(name if place == "op" else "ADD", [x, t], [out])
    g.subgraph(name if place == "subgraph" else "body").returns()
    model = g.model(outputs=[t] * n if place == "output" else [t])
    return attrs.evolve(model, source=name) if place == "source" else model


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_a_page_grows_with_the_model_whatever_its_names_are(place, text):
    sizes = [
        len(to_html(partition(named(place, text * 10 * n, n), [], plugins=Plugins()))) for n in (20, 40)
    ]

    longest = 10 * 40 * len(text)
    assert sizes[1] < 2.3 * sizes[0]
    assert sizes[1] < 40 * 2_000 + 20 * longest


def test_a_page_shows_every_subgraph():
    assert {op.split(":")[0] for op, _ in Page(to_html(branching())).ops} == {"0", "1", "2"}


def test_a_graph_without_ops_gives_a_page():
    g = Builder()
    x = g.input((1,), "float32")

    assert "<svg" in to_html(partition(g.model([x]), [], plugins=Plugins()))
