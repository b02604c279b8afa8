"""The report's HTML page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from delegraph_edgetpu.chart import page
from delegraph_edgetpu.estimate import co_compile, estimate
from delegraph_edgetpu.estimate_published import mobilenet_v1

OPS = mobilenet_v1(0.25, 128)


class Tags(HTMLParser):
    """What a page consists of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "html"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "html":
            assert self.open.pop() == tag


def widths(html: str, kind: str) -> list[float]:
    return [float(w) for w in re.findall(rf'class="{kind}" style="width:([\d.]+)%"', html)]


def test_each_op_has_a_bar_for_compute_and_one_for_memory() -> None:
    html = page("model.tflite", [("subgraph 1", estimate(OPS))])
    assert len(widths(html, "compute")) == len(widths(html, "memory")) == len(OPS)
    assert all(f"#{op.index} {op.name}" in html for op in OPS)


def test_the_longest_bar_fills_its_place_and_the_others_are_in_proportion() -> None:
    e = estimate(OPS)
    html = page("model.tflite", [("", e)])
    longest = max(max(r.compute_cycles, r.memory_cycles) for r in e.rows)
    assert max(widths(html, "compute") + widths(html, "memory")) == 100
    assert widths(html, "compute") == [round(100 * r.compute_cycles / longest, 2) for r in e.rows]


def test_streamed_parameters_are_marked() -> None:
    html = page("model.tflite", [("", estimate(OPS, cache_bytes=200_000))])
    streamed = [r for r in estimate(OPS, cache_bytes=200_000).rows if r.streamed_bytes]
    assert streamed
    assert len(widths(html, "memory streamed")) == html.count(" streamed</b>") == len(streamed)


def test_the_page_says_that_it_estimates() -> None:
    html = page("model.tflite", [("", estimate(OPS))])
    assert "estimates, not measurements" in html
    assert "500 MHz" in html


def test_the_page_needs_no_other_file() -> None:
    html = page("model.tflite", [("", estimate(OPS))])
    assert not re.search(r"https?:|@import|url\(|<link|<script|<img|\bsrc=", html)


def test_the_page_is_well_formed() -> None:
    parts = [(str(n), e) for n, e in enumerate(co_compile([OPS, OPS]))]
    tags = Tags(page("model.tflite", parts, [("#7 ARG_MAX", "not supported", "move it behind")]))
    assert tags.open == []
    assert [tag for tag, _ in tags.found].count("section") == 3


def test_names_of_a_model_are_text_and_nothing_else() -> None:
    evil = "<script>alert(1)</script>@SECTIONS@&\\1"
    html = page(evil, [(evil, estimate(OPS))], [(evil, evil, evil)])
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;@SECTIONS@&amp;\\1") == 6


def test_what_stays_on_the_cpu_is_listed_with_its_way_out() -> None:
    html = page(
        "m", [("", estimate(OPS))], [("#31 ARG_MAX v1", "not supported", "move it behind the model")]
    )
    assert "On the CPU: 1 op<" in html
    assert "<td>#31 ARG_MAX v1</td><td>not supported</td><td>move it behind the model</td>" in html


def test_a_model_of_which_nothing_is_mapped_has_a_page() -> None:
    html = page("model.tflite", [], [("#0 ADD", "float32", "quantize the model first")])
    assert "No op runs on the Edge TPU" in html
    assert "quantize the model first" in html


def test_both_light_and_dark_screens_are_thought_of() -> None:
    html = page("m", [])
    assert "color-scheme: light dark" in html
    assert "prefers-color-scheme: dark" in html
