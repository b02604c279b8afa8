"""Pages: what is in them, whatever names a model has, and that they need nothing from elsewhere."""

from __future__ import annotations

import json
import re
import sys
import zlib
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder
from delegraph.partition import partition
from delegraph.plugins import Plugins
from delegraph.report import plan_html, web_page
from delegraph.report.colors import colors
from delegraph.report.plan_html import to_html

sys.path.insert(0, str(Path(__file__).parent))

from test_report import Fake, branching, few_channels, model_of

igraph = pytest.importorskip("igraph")


@pytest.fixture(autouse=True)
def without_libraries(monkeypatch):
    """Leave the scripts of libraries out: these tests are about what is this project's."""
    monkeypatch.setattr(plan_html, "libraries", list)


@pytest.fixture
def plan():
    model = model_of(("EXP", 16), ("EXP", 16), ("ABS", 16), ("EXP", 8), ("SIN", 8))
    delegates = [Fake("a", "EXP", "ABS", constraints=(few_channels,)), Fake("b", "ABS", "EXP", "SIN")]
    return partition(model, delegates, plugins=Plugins())


class Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.open, self.data, self.words = [], [], None, None, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.open = dict(attributes).get("id") if tag == "script" else tag
        self.links += [v for k, v in attributes if k in ("src", "href")]

    def handle_endtag(self, tag):
        self.open = ""

    def handle_data(self, data):
        if self.open == "data":
            self.data = json.loads(data)
        elif self.open not in ("style", None):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    @property
    def ops(self):
        return [node for graph in self.data["graphs"] for node in graph["nodes"] if node["kind"] == "op"]


def test_the_page_needs_nothing_from_elsewhere(plan):
    text = to_html(plan)

    assert Page(text).links == []
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|@import|url\(", text)


def test_the_summary_comes_first_with_the_rules_that_ops_break(plan):
    text = Page(to_html(plan)).text

    assert "5 ops" in text
    assert "a takes none of the 5 ops" in text
    assert text.index("at most 8 channels") < text.index("Report as text")


def test_a_delegate_that_takes_some_ops_is_said_to_leave_the_others():
    model = model_of(("EXP", 16), ("ABS", 16))
    text = Page(to_html(partition(model, [Fake("a", "EXP"), Fake("b", "ABS")], plugins=Plugins()))).text

    assert "a does not take 1 op" in text


def test_every_op_has_a_box_in_the_color_of_its_delegate(plan):
    page = Page(to_html(plan))
    labels = [page.data["who"][op["who"]]["label"] for op in page.ops]

    assert [op["label"] for op in page.ops] == ["EXP #0", "EXP #1", "ABS #2", "EXP #3", "SIN #4"]
    assert labels == [plan.subgraphs[0].labels[i] for i in range(5)]
    assert len({who["color"] for who in page.data["who"]}) == len(page.data["who"])


def test_a_delegate_has_one_color_whatever_others_there_are():
    alone = colors(["npu", "core"])
    assert colors(["opencl", "core", "npu"])["npu"] == alone["npu"]
    assert colors(["reference"])["reference"] == colors(["npu", "reference"])["reference"]


def test_an_op_has_types_shapes_and_refusals(plan):
    page = Page(to_html(plan))
    op = page.ops[2]["op"]

    assert op["title"] == "op #2 ABS v1"
    assert op["types"] == "float32 -> float32"
    assert [page.data["graphs"][0]["tensors"][str(t)] for t in op["inputs"]] == [
        "2 t2: float32 1×4×16, 256 B"
    ]
    assert [[label, [page.data["reasons"][i] for i in why]] for label, why in op["refusals"]] == [
        ["a", ["needs at most 8 channels, found 16 channels"]]
    ]


def test_the_advice_of_delegates_is_on_the_page(plan):
    text = Page(to_html(plan, {"a": ["use <8> channels"]})).text

    assert "Advice for a use <8> channels" in text


def test_names_in_a_model_cannot_break_out_of_the_page():
    evil = "</script><script>alert(1)</script><!--"
    g = Builder()
    g.op("ABS", [g.input((1,), "float32", evil)], [g.tensor((1,), "float32", evil)])
    g.subgraph(evil).returns()
    plan = partition(attrs.evolve(g.model(), source=evil), [Fake("a", "ABS")], plugins=Plugins())

    assert Page(to_html(plan, {evil: [evil]})).tags.count("script") == 3


def test_a_script_of_a_library_is_packed_and_cannot_end_where_it_says_so():
    script = "x = '</script><!--\u202e'" * 1000
    text = web_page.page("t", "", [], [script], "plan.js", {})

    assert Page(text).tags.count("script") == 4
    packed = text.partition('class="packed">')[2].partition("</script>")[0]
    assert zlib.decompress(b64decode(packed)).decode() == script
    assert len(packed) < len(script) / 3


def test_what_is_not_installed_is_named_with_the_way_to_install_it():
    with pytest.raises(InputError, match=r"needs the package no-such: pip install 'delegraph\[html\]'"):
        web_page.of_package("no_such", "*.js")


def test_a_page_of_a_thousand_ops_is_small_and_complete():
    model = model_of(*[("ABS", 8), ("EXP", 8)] * 500)
    plan = partition(model, [Fake("a", "ABS"), Fake("b", "EXP")], plugins=Plugins())

    text = to_html(plan)

    assert len(Page(text).ops) == 1000
    assert len(text) < 1_000_000


PLACES = ("input", "tensor", "op", "output", "subgraph", "source")
PLACEHOLDERS = ("@DETAILS@", "$data", "${body}", "{{data}}", "%(body)s", "</script>", "$$", "\0")


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
    assert len(Page(to_html(branching())).data["graphs"]) == 3


def test_a_graph_without_ops_gives_a_page():
    g = Builder()
    x = g.input((1,), "float32")

    page = Page(to_html(partition(g.model([x]), [], plugins=Plugins())))

    assert [n["role"] for n in page.data["graphs"][0]["nodes"]] == ["input", "output"]
